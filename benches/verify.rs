//! What verifying one delivery costs beside the bare HMAC over the same bytes.
//!
//! `<scheme>` is the preset; `<scheme>, no fields` the same row with an empty envelope, so that
//! the difference is what finding id, type and version costs. Last comes a table of ratios to the
//! HMAC: all contenders in turn, many times, and the least time of each, which is what other work
//! on the machine disturbs least.

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use hmac::{Hmac, KeyInit, Mac};
use hookgate::{
    RejectionKind, Secret, Source,
    clock::UnixTime,
    provider::{self, Envelope, Provider},
    testing::Signer,
};
use http::{HeaderValue, Request, request::Parts};
use sha2::Sha256;

const SIZES: [usize; 4] = [256, 1024, 64 * 1024, 1024 * 1024];
const ROWS: [Provider; 5] = [
    provider::GITHUB,
    provider::SHOPIFY,
    provider::SLACK,
    provider::STANDARD_WEBHOOKS,
    provider::STRIPE,
];
const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NO_FIELDS: Envelope = Envelope {
    id: &[],
    kind: &[],
    kind_suffix: None,
    version: &[],
    sent_at: &[],
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    accepted(&mut criterion)?;
    refused(&mut criterion)?;
    criterion.final_summary();
    ratios()
}

/// A contender's name and one verification.
type Contender = (String, Box<dyn Fn()>);

fn contenders(size: usize) -> Result<Vec<Contender>, Box<dyn Error>> {
    let body = event(size);
    let keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    let hashed = body.clone();
    let hmac = move || {
        let mut mac = keyed.clone();
        mac.update(black_box(&hashed));
        black_box(mac.finalize().into_bytes());
    };
    let mut all: Vec<Contender> = vec![("hmac".to_owned(), Box::new(hmac))];
    for preset in ROWS {
        let bare = Provider {
            envelope: NO_FIELDS,
            ..preset
        };
        for (name, row) in [
            (format!("{}, no fields", preset.slug), bare),
            (preset.slug.to_owned(), preset),
        ] {
            let (source, (parts, body)) = (source(row)?, signed(preset, &body)?);
            let verify = move || {
                let _ = black_box(source.verify(black_box(&parts), body.clone(), NOW));
            };
            all.push((name, Box::new(verify)));
        }
    }
    Ok(all)
}

fn ratios() -> Result<(), Box<dyn Error>> {
    let mut table: Vec<(String, Vec<f64>)> = Vec::new();
    for size in SIZES {
        let contenders = contenders(size)?;
        let mut least = vec![f64::INFINITY; contenders.len()];
        let calls = (256 * 1024 / size).max(1);
        for _ in 0..300 {
            for ((_, call), least) in contenders.iter().zip(&mut least) {
                let begun = Instant::now();
                (0..calls).for_each(|_| call());
                *least = least.min(begun.elapsed().as_secs_f64() / calls as f64);
            }
        }
        for (at, (name, _)) in contenders.into_iter().enumerate() {
            if table.len() == at {
                table.push((name, Vec::new()));
            }
            table[at].1.push(least[at]);
        }
    }
    println!("| to hmac | 256 B | 1 KiB | 64 KiB | 1 MiB |");
    println!("|---|---:|---:|---:|---:|");
    let hmac = table[0].1.clone();
    for (name, least) in &table {
        let ratios = least
            .iter()
            .zip(&hmac)
            .map(|(it, hmac)| match name.as_str() {
                "hmac" => format!("{:.0} ns", it * 1e9),
                _ => format!("{:.2}", it / hmac),
            });
        println!("| {name} | {} |", ratios.collect::<Vec<_>>().join(" | "));
    }
    Ok(())
}

fn accepted(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("verify/{size}"));
        group.throughput(Throughput::Bytes(size as u64));
        let body = event(size);
        let keyed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
        group.bench_function("hmac", |bench| {
            bench.iter(|| {
                let mut mac = keyed.clone();
                mac.update(black_box(&body));
                mac.finalize().into_bytes()
            });
        });
        for preset in ROWS {
            let (parts, body) = signed(preset, &body)?;
            let bare = Provider {
                envelope: NO_FIELDS,
                ..preset
            };
            for (name, row) in [
                (format!("{}, no fields", preset.slug), bare),
                (preset.slug.to_owned(), preset),
            ] {
                let source = source(row)?;
                source.verify(&parts, body.clone(), NOW)?;
                group.bench_function(name, |bench| {
                    bench.iter(|| source.verify(black_box(&parts), body.clone(), NOW));
                });
            }
        }
        group.finish();
    }
    Ok(())
}

/// 1 MiB that is not let through, beside the same that is.
fn refused(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let row = Provider {
        envelope: NO_FIELDS,
        ..provider::STRIPE
    };
    let source = source(row)?;
    let (mut parts, body) = signed(row, &event(1024 * 1024))?;
    let mut group = criterion.benchmark_group("refuse/1048576");
    group.bench_function("verified", |bench| {
        bench.iter(|| source.verify(black_box(&parts), body.clone(), NOW));
    });
    let late = NOW.saturating_add(Duration::from_secs(301));
    expect(&source, &parts, &body, late, RejectionKind::Stale)?;
    group.bench_function("stale", |bench| {
        bench.iter(|| source.verify(black_box(&parts), body.clone(), late));
    });
    for (candidates, why) in [
        (1, RejectionKind::BadSignature),
        (16, RejectionKind::BadSignature),
        (100, RejectionKind::MalformedSignature),
    ] {
        let forged = format!(",v1={}", "5a".repeat(32)).repeat(candidates);
        let value = HeaderValue::try_from(format!("t={}{forged}", NOW.as_secs()))?;
        parts.headers.insert("stripe-signature", value);
        expect(&source, &parts, &body, NOW, why)?;
        group.bench_function(BenchmarkId::new("forged", candidates), |bench| {
            bench.iter(|| source.verify(black_box(&parts), body.clone(), NOW));
        });
    }
    group.finish();
    Ok(())
}

fn expect(
    source: &Source,
    parts: &Parts,
    body: &Bytes,
    now: UnixTime,
    why: RejectionKind,
) -> Result<(), Box<dyn Error>> {
    match source.verify(parts, body.clone(), now) {
        Err(refused) if refused.kind() == why => Ok(()),
        other => Err(format!("{why:?} was expected, not {other:?}").into()),
    }
}

fn source(row: Provider) -> Result<Source, hookgate::ConfigError> {
    Source::builder(row.slug, row)
        .add_secret(Secret::new(SECRET)?)
        .build()
}

/// The delivery that this sender would send.
fn signed(row: Provider, body: &Bytes) -> Result<(Parts, Bytes), hookgate::ConfigError> {
    let signer = Signer::new(row, &Secret::new(SECRET)?)?;
    let request: Request<Bytes> = signer.sign(body.clone(), NOW);
    Ok(request.into_parts())
}

/// An event of exactly this size, with lines as invoices have them.
fn event(size: usize) -> Bytes {
    let head = r#"{"id":"evt_1PqR5t2eZvKYlo2C0aBcDeFg","object":"event","api_version":"2026-09-30","created":1790000000,"type":"invoice.paid","data":{"lines":["#;
    let (line, tail) = (r#"{"amount":1999,"memo":"Pro plan"},"#, r#"0],"pad":""}}"#);
    let mut text = String::with_capacity(size);
    text.push_str(head);
    while text.len() + line.len() + tail.len() <= size {
        text.push_str(line);
    }
    text.push_str(&tail[..tail.len() - 3]);
    while text.len() + 3 < size {
        text.push('x');
    }
    text.push_str("\"}}");
    text.into()
}
