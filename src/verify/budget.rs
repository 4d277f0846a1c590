use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

/// How many bytes of bodies may be in flight at once, over all endpoints that share it.
///
/// Strangers can make a receiver hold bodies until it has found out that they are not genuine;
/// this bounds how many. Past it, deliveries get 503.
#[derive(Clone, Debug)]
pub struct BodyBudget(Arc<Counter>);

#[derive(Debug)]
struct Counter {
    limit: usize,
    used: AtomicUsize,
}

static SHARED: LazyLock<BodyBudget> = LazyLock::new(|| BodyBudget::new(256 * 1024 * 1024));

impl BodyBudget {
    /// A budget of its own, in bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Counter {
            limit,
            used: AtomicUsize::new(0),
        }))
    }

    /// The process's budget of 256 MiB, which everything shares by default.
    pub fn shared() -> Self {
        SHARED.clone()
    }

    /// How many bytes are in flight.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }
}

/// Bytes taken from a budget; they go back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: BodyBudget,
    bytes: usize,
}

impl Reservation {
    pub(crate) fn none(budget: &BodyBudget) -> Self {
        Self {
            budget: budget.clone(),
            bytes: 0,
        }
    }

    /// Takes more; false when the budget has no more.
    pub(crate) fn grow(&mut self, by: usize) -> bool {
        let counter = &self.budget.0;
        let before = counter.used.fetch_add(by, Ordering::Relaxed);
        if before.saturating_add(by) > counter.limit {
            counter.used.fetch_sub(by, Ordering::Relaxed);
            return false;
        }
        self.bytes += by;
        true
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_goes_back() {
        let budget = BodyBudget::new(10);
        let (mut one, mut two) = (Reservation::none(&budget), Reservation::none(&budget));
        assert!(one.grow(4) && two.grow(6) && !one.grow(1));
        drop(two);
        assert_eq!(budget.used(), 4);
        assert!(one.grow(6));
        drop(one);
        assert_eq!(budget.used(), 0);
    }
}
