//! Whole receivers on loopback, side by side: bare axum, receivers written by hand, hookgate.
//!
//! ```text
//! cargo bench --bench e2e --features full,test-util -- --rounds 5 --seconds 2
//! ```
//!
//! Every round starts each server once, in a process of its own. The load generator keeps 64
//! connections busy (8 for bodies of 1 MiB) and signs every request anew. CPU is that of the
//! server's process, and of Redis, over the answered requests. `--only a,b` picks servers, and
//! `--appendfsync always` (or `everysec`) makes Redis persistent.

mod by_hand;
mod gated;
mod load;
mod process;
mod report;
mod servers;

use std::{env, error::Error, net::SocketAddr, time::Duration};

use load::{Kind, Load};
use process::{Cpu, Redis, Server};
use report::{Row, Sample};
use servers::{LARGE, SMALL};

/// What both sides sign with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let value = |name: &str| {
        let mut pairs = arguments.windows(2);
        pairs.find(|pair| pair[0] == name).map(|pair| &*pair[1])
    };
    if let Some(server) = value("--serve") {
        return servers::serve(server, value("--redis").unwrap_or_default());
    }
    let rounds = value("--rounds").unwrap_or("5").parse()?;
    let span = Duration::from_secs_f64(value("--seconds").unwrap_or("2").parse()?);
    let wanted = |name: &str| value("--only").is_none_or(|only| only.split(',').any(|o| o == name));

    let redis = Redis::start(value("--appendfsync").unwrap_or("no"))?;
    let mut small: Vec<Row> = SMALL.iter().map(|name| Row::new(name)).collect();
    let mut large: Vec<Row> = LARGE.iter().map(|(name, ..)| Row::new(name)).collect();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for row in small.iter_mut().filter(|row| wanted(row.name)) {
            let load = Load::new(Kind::Genuine, 1024, 64);
            row.samples.push(measure(row.name, load, span, &redis)?);
        }
        for (row, (_, server, kind)) in large.iter_mut().zip(LARGE) {
            if wanted(row.name) {
                let load = Load::new(*kind, 1024 * 1024, 8);
                row.samples.push(measure(server, load, span, &redis)?);
            }
        }
    }
    drop(redis);
    report::print(&small, &large);
    Ok(())
}

/// One server, started, warmed up, loaded and stopped.
fn measure(name: &str, load: Load, span: Duration, redis: &Redis) -> Fallible<Sample> {
    redis.flush()?;
    let server = Server::start(name, &redis.url())?;
    let address: SocketAddr = server.address;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let warm_up = runtime.block_on(load.run(address, span / 5));
    let before = (Cpu::of(server.pid())?, Cpu::of(redis.pid())?);
    let answers = runtime.block_on(load.run(address, span));
    let after = (Cpu::of(server.pid())?, Cpu::of(redis.pid())?);
    let worked = server.stop()?;
    let answered = answers.micros.len().max(1) as f64;
    if answers.unexpected > 0 {
        eprintln!("{name}: {} unexpected answers", answers.unexpected);
    }
    let accepted = warm_up.micros.len() + answers.micros.len();
    Ok(Sample {
        rate: answered / span.as_secs_f64(),
        p50: report::quantile(&answers.micros, 0.5),
        p99: report::quantile(&answers.micros, 0.99),
        cpu: after.0.since(&before.0) / answered,
        redis_cpu: after.1.since(&before.1) / answered,
        worked: worked.map(|worked| worked as f64 / accepted.max(1) as f64),
    })
}
