//! A payment arrives, the order is paid, the goods are reserved and shipped.
//!
//! ```text
//! DEMO=1 cargo run --features full,test-util --example order_payment
//! STRIPE_WEBHOOK_SECRET=whsec_... cargo run --features full,test-util --example order_payment
//! ```
//!
//! ```text
//! Stripe ── payment_intent.succeeded ──▶ orders ── order.paid ──▶ stock
//!                                                            └──▶ shipping
//! ```
//!
//! Why in two steps: stock and shipping must not begin before the order is paid, and handlers of
//! one event know no order among themselves. So `orders` announces what it has done as an event of
//! its own, to the same inbox, through a source whose secret only this process knows. It is done
//! when that was answered with 2xx. If it dies before, it runs again and announces the same id
//! again, which is then a duplicate.
//!
//! Each step can be repeated: the order's state, the reservation and the parcel are each kept under
//! the order's number, and written together with whatever else changes. With a database that is one
//! transaction; here it is one lock.
//!
//! What people get wrong, and is shown here: a duplicate is not a second payment; a failure that
//! arrives late does not undo a payment; the amount is compared with the order's; a warehouse that
//! is down delays no parcel of another handler.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::Router;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use hookgate::{
    Inbox, Secret, Source,
    inbox::{DeadFilter, Failure, HandlerOptions, Job, Retry, on},
    provider,
    store::MemoryStore,
};
use serde_json::json;
use sha2::Sha256;
use support::{Failed, Sender, downstream};

/// The tables of the shop.
#[derive(Default)]
struct Tables {
    orders: BTreeMap<String, Order>,
    mugs: u32,
    /// Orders whose mugs are set aside.
    reserved: BTreeSet<String>,
    /// The parcel of each order.
    parcels: BTreeMap<String, u32>,
    /// The demo's warehouse is down for as many calls.
    warehouse_fails: u32,
}

#[derive(Clone, Debug)]
struct Order {
    cents: u64,
    mugs: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    Declined,
    Paid,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Tables>>);

impl Shop {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The payment's fate becomes the order's, and what is paid is announced.
    async fn orders(self, job: Job, announce: Announce) -> Result<(), Failure> {
        let number: String = job.json_at("/data/object/metadata/order")?;
        let cents: u64 = job.json_at("/data/object/amount")?;
        let paid = job.event_type().is_some_and(|kind| kind.value == SUCCEEDED);
        {
            let mut tables = self.tables();
            let order = tables.orders.get_mut(&number);
            // It may be committed in a moment: the payment can be faster than the shop.
            let order = order.ok_or_else(|| Failure::retry("there is no such order yet"))?;
            match (paid, order.state) {
                (true, _) if order.cents != cents => {
                    return Err(Failure::permanent("the amount is not the order's"));
                }
                (true, _) => order.state = State::Paid,
                (false, State::Paid) => println!("orders: {number} is paid, the failure is old"),
                (false, _) => order.state = State::Declined,
            }
        }
        if paid {
            println!("orders: {number} is paid");
            announce.order_paid(&number).await?;
        }
        Ok(())
    }

    async fn stock(self, job: Job) -> Result<(), Failure> {
        let number: String = job.json_at("/order")?;
        let mut tables = self.tables();
        if tables.warehouse_fails > 0 {
            tables.warehouse_fails -= 1;
            println!("stock: the warehouse is down");
            return Err(Failure::retry("the warehouse is down"));
        }
        let mugs = tables.orders.get(&number).map_or(0, |order| order.mugs);
        if !tables.reserved.contains(&number) {
            let left = tables.mugs.checked_sub(mugs);
            tables.mugs = left.ok_or_else(|| Failure::permanent("sold more than there is"))?;
            tables.reserved.insert(number.clone());
        }
        println!("stock: {mugs} mugs are set aside for {number}");
        Ok(())
    }

    async fn shipping(self, job: Job) -> Result<(), Failure> {
        let number: String = job.json_at("/order")?;
        let mut tables = self.tables();
        let next = 1 + u32::try_from(tables.parcels.len()).unwrap_or(u32::MAX - 1);
        let parcel = *tables.parcels.entry(number.clone()).or_insert(next);
        println!("shipping: parcel {parcel} is for {number}");
        Ok(())
    }
}

const SUCCEEDED: &str = "payment_intent.succeeded";

/// Sends the shop's own events to its own inbox.
#[derive(Clone)]
struct Announce {
    client: reqwest::Client,
    url: String,
    key: String,
}

impl Announce {
    async fn order_paid(&self, number: &str) -> Result<(), Failure> {
        // The same id whenever this is repeated, and one for all payments of the order.
        let id = format!("paid-{number}");
        let body = json!({"id": id, "type": "order.paid", "order": number}).to_string();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).map_err(Failure::permanent)?;
        mac.update(body.as_bytes());
        let tag = HEXLOWER.encode(&mac.finalize().into_bytes());
        let request = self.client.post(&self.url).body(body);
        let request = request.header("x-signature-sha256", format!("sha256={tag}"));
        downstream::settled(request.send().await)?;
        Ok(())
    }
}

/// A secret of the moment: both of its ends are in this process.
fn own_key() -> Result<String, Failed> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    Ok(HEXLOWER.encode(&random))
}

fn options() -> HandlerOptions {
    if support::is_demo() {
        const QUICK: Retry = Retry::after(&[Duration::from_millis(100); 3]);
        return HandlerOptions::new().with_retry(QUICK);
    }
    HandlerOptions::new().with_retry(Retry::PATIENT)
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let (listener, address) = support::listen().await?;
    let (secret, key) = (support::secret("STRIPE_WEBHOOK_SECRET")?, own_key()?);
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret.clone());
    let own = Source::builder("shop", provider::X_SIGNATURE_SHA256)
        .add_secret(Secret::new(key.as_str())?);
    let announce = Announce {
        client: downstream::client(Duration::from_secs(5))?,
        url: format!("http://{address}/webhooks/shop"),
        key,
    };

    let shop = Shop::default();
    let (orders, stock, shipping) = (shop.clone(), shop.clone(), shop.clone());
    let paid = || on("order.paid").from_source("shop");
    // Over an `EmbeddedStore` or Redis events outlive this process.
    let inbox = Inbox::builder(MemoryStore::new())
        .source(stripe.build()?)
        .source(own.build()?)
        .handler_with(
            "orders",
            on(SUCCEEDED)
                .or("payment_intent.payment_failed")
                .from_source("stripe"),
            options(),
            move |job| orders.clone().orders(job, announce.clone()),
        )
        .handler_with("stock", paid(), options(), move |job| {
            stock.clone().stock(job)
        })
        .handler_with("shipping", paid(), options(), move |job| {
            shipping.clone().shipping(job)
        })
        .build()
        .await?;
    let app = Router::new()
        .route_service("/webhooks/stripe", inbox.endpoint("stripe")?)
        .route_service("/webhooks/shop", inbox.endpoint("shop")?);
    let sender = Sender::new(provider::STRIPE, &secret, address);
    support::serve(listener, app, inbox.clone(), play(inbox, sender, shop)).await
}

/// What the demo shows.
async fn play(inbox: Inbox, sender: Sender, shop: Shop) -> Result<(), Failed> {
    {
        let mut tables = shop.tables();
        let order = |cents, mugs| Order {
            cents,
            mugs,
            state: State::Open,
        };
        tables.orders.insert("A-1".to_owned(), order(4_200, 2));
        tables.orders.insert("A-2".to_owned(), order(2_100, 1));
        (tables.mugs, tables.warehouse_fails) = (10, 1);
    }
    let deliver = async |id: &str, kind: &str, order: &str, cents: u64| {
        let object = json!({"amount": cents, "metadata": {"order": order}});
        let body = json!({"id": id, "type": kind, "data": {"object": object}}).to_string();
        let status = sender.deliver(id, kind, body).await?;
        println!("sender: {id} {kind} -> {status}");
        support::idle(&inbox).await
    };
    deliver("evt_2", SUCCEEDED, "A-1", 4_200).await?;
    deliver("evt_2", SUCCEEDED, "A-1", 4_200).await?;
    deliver("evt_1", "payment_intent.payment_failed", "A-1", 4_200).await?;
    deliver("evt_3", SUCCEEDED, "A-2", 1).await?;

    for dead in inbox
        .dead_letters("orders", &DeadFilter::all(), None, 10)
        .await?
    {
        println!("for a person: {}", dead.reason());
    }
    let tables = shop.tables();
    for (number, order) in &tables.orders {
        let parcel = tables.parcels.get(number);
        println!("{number}: {:?}, parcel {parcel:?}", order.state);
    }
    println!("{} mugs are left", tables.mugs);
    Ok(())
}
