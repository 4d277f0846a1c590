//! What happened in the last minutes, in bounded room.

use std::{array, time::Duration};

/// A slot's length.
const SLOT: Duration = Duration::from_secs(60);

/// The window is the slot that runs and those before it.
const SLOTS: usize = 5;

/// Counts of the last five minutes. A function of what it is told and of the time.
#[derive(Clone, Debug)]
pub(super) struct Window([Slot; SLOTS]);

#[derive(Clone, Debug)]
struct Slot {
    /// Its number since the beginning; an old one is as good as empty.
    number: u64,
    answered: u64,
    failed: u64,
    /// Allocated with the first delivery.
    times: Vec<u32>,
    least_age: f64,
}

impl Slot {
    const fn new(number: u64) -> Self {
        Self {
            number,
            answered: 0,
            failed: 0,
            times: Vec::new(),
            least_age: f64::INFINITY,
        }
    }
}

/// Verified deliveries of the last minutes and how they were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Figures {
    /// Deliveries that were verified and answered with a 2xx.
    pub answered: u64,
    /// Deliveries that were verified and answered with something else.
    pub failed: u64,
    /// Half of the replies took no longer than this, to within 4 %; `None` without a delivery.
    pub p50: Option<Duration>,
    /// 99 % of the replies took no longer than this, to within 4 %; `None` without a delivery.
    pub p99: Option<Duration>,
}

impl Figures {
    /// The span of time that they are about, at the most: 5 minutes.
    pub const WINDOW: Duration = Duration::from_secs(SLOT.as_secs() * SLOTS as u64);

    /// The share of 2xx, 0 to 1; `None` without a delivery.
    pub fn success_rate(&self) -> Option<f64> {
        let all = self.answered + self.failed;
        (all > 0).then(|| self.answered as f64 / all as f64)
    }
}

impl Window {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| Slot::new(0)))
    }

    /// A verified delivery, `since` the beginning. `age` is that of its signature.
    pub(super) fn record(
        &mut self,
        since: Duration,
        took: Duration,
        is_2xx: bool,
        age: Option<f64>,
    ) {
        let number = number(since);
        let at = (number % SLOTS as u64) as usize;
        let Some(slot) = self.0.get_mut(at) else {
            return;
        };
        if slot.number != number {
            *slot = Slot::new(number);
        }
        if is_2xx {
            slot.answered += 1;
        } else {
            slot.failed += 1;
        }
        slot.times.resize(BUCKETS, 0);
        if let Some(count) = slot.times.get_mut(bucket(took)) {
            *count = count.saturating_add(1);
        }
        slot.least_age = age.map_or(slot.least_age, |age| age.min(slot.least_age));
    }

    /// The smallest signature age of the window, in seconds.
    pub(super) fn least_age(&self, since: Duration) -> Option<f64> {
        let ages = self.recent(since).map(|slot| slot.least_age);
        ages.reduce(f64::min).filter(|age| age.is_finite())
    }

    fn recent(&self, since: Duration) -> impl Iterator<Item = &Slot> {
        let now = number(since);
        let is_recent = move |slot: &&Slot| slot.number + SLOTS as u64 > now;
        self.0.iter().filter(is_recent)
    }
}

/// The figures of all these windows together.
pub(super) fn figures<'w>(windows: impl Iterator<Item = &'w Window>, since: Duration) -> Figures {
    let (mut figures, mut times) = (Figures::default(), [0_u64; BUCKETS]);
    for slot in windows.flat_map(|window| window.recent(since)) {
        figures.answered += slot.answered;
        figures.failed += slot.failed;
        for (sum, count) in times.iter_mut().zip(&slot.times) {
            *sum += u64::from(*count);
        }
    }
    figures.p50 = quantile(&times, 50);
    figures.p99 = quantile(&times, 99);
    figures
}

fn number(since: Duration) -> u64 {
    since.as_secs() / SLOT.as_secs()
}

/// Buckets of one octave: neighbours differ by at most 1/16.
const FINE: u64 = 16;

/// The unit in which times are counted: 64 µs. The last bucket begins at 2 minutes.
const UNIT_MICROS: u128 = 64;
const BUCKETS: usize = 304;

/// Which bucket a time is in. Below 16 units one each; from there 16 an octave.
fn bucket(took: Duration) -> usize {
    let units = u64::try_from(took.as_micros() / UNIT_MICROS).unwrap_or(u64::MAX);
    if units < FINE {
        return units as usize;
    }
    let octave = u64::from(units.ilog2()) - u64::from(FINE.ilog2());
    let within = (units >> octave) - FINE;
    (((octave + 1) * FINE + within) as usize).min(BUCKETS - 1)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Duration {
    let bucket = bucket as u64;
    let octave = (bucket / FINE).saturating_sub(1);
    let from = if bucket < FINE {
        bucket
    } else {
        (FINE + bucket % FINE) << octave
    };
    let micros = from * UNIT_MICROS as u64 + ((UNIT_MICROS as u64) << octave) / 2;
    Duration::from_micros(micros)
}

/// The time that this share of all, in per cent, does not exceed.
fn quantile(times: &[u64], percent: u64) -> Option<Duration> {
    let all: u64 = times.iter().sum();
    let rank = (all * percent).div_ceil(100);
    let mut below = 0;
    let found = times.iter().position(|count| {
        below += count;
        below >= rank && rank > 0
    });
    found.map(middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_time_is_known_to_within_4_per_cent() {
        for micros in (0..27).flat_map(|n| [1_u64 << n, (1 << n) + 1, (3 << n) / 2]) {
            let (told, middle) = (micros as f64, middle(bucket(Duration::from_micros(micros))));
            let off = (middle.as_micros() as f64 - told).abs();
            assert!(off <= told * 0.04 + 64.0, "{micros} µs became {middle:?}");
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
        assert_eq!(bucket(Duration::ZERO), 0);
    }

    #[test]
    fn half_and_99_per_cent_are_told_apart() {
        let mut window = Window::new();
        for n in 1..=1_000 {
            window.record(
                MINUTE,
                Duration::from_millis(n),
                n % 10 != 0,
                Some(n as f64),
            );
        }
        let figures = figures([&window].into_iter(), MINUTE);
        assert_eq!((figures.answered, figures.failed), (900, 100));
        assert_eq!(figures.success_rate(), Some(0.9));
        let near = |time: Option<Duration>, millis: f64| {
            let found = time
                .map(|time| time.as_secs_f64() * 1_000.0)
                .unwrap_or_default();
            assert!(
                (found / millis - 1.0).abs() < 0.04,
                "{found} is not {millis}"
            );
        };
        near(figures.p50, 500.0);
        near(figures.p99, 990.0);
        assert_eq!(window.least_age(MINUTE), Some(1.0));
    }

    #[test]
    fn what_is_older_than_the_window_is_gone() {
        let mut window = Window::new();
        let second = Duration::from_secs(1);
        window.record(MINUTE * 7, second, true, Some(-3.0));
        for minutes in 7..12 {
            assert_eq!(figures([&window].into_iter(), MINUTE * minutes).answered, 1);
        }
        assert_eq!(
            figures([&window].into_iter(), MINUTE * 12),
            Figures::default()
        );
        assert_eq!(window.least_age(MINUTE * 12), None);
        window.record(MINUTE * 12, second, false, None);
        let now = figures([&window].into_iter(), MINUTE * 12);
        assert_eq!((now.answered, now.failed), (0, 1));
    }

    #[test]
    fn nothing_has_no_quantiles() {
        let empty = figures([&Window::new()].into_iter(), Duration::ZERO);
        assert_eq!((empty, empty.success_rate()), (Figures::default(), None));
    }
}
