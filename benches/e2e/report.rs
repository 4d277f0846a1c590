//! Medians of rounds, as Markdown.

/// What one server did in one round.
pub(crate) struct Sample {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Microseconds of the server's CPU a request, user and system.
    pub(crate) cpu: f64,
    pub(crate) redis_cpu: f64,
    /// Share of the accepted events that its worker had finished when it was stopped.
    pub(crate) worked: Option<f64>,
}

/// One server's rounds.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<Sample>,
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            samples: Vec::new(),
        }
    }

    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(of).collect())
    }

    /// The median over the rounds of a figure of this row and the first row's, side by side.
    fn beside(&self, first: &Self, of: impl Fn(&Sample, &Sample) -> f64) -> f64 {
        let pairs = self.samples.iter().zip(&first.samples);
        median(pairs.map(|(mine, first)| of(mine, first)).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn quantile(sorted: &[u32], q: f64) -> f64 {
    let at = (sorted.len() as f64 * q) as usize;
    sorted.get(at).map_or(f64::NAN, |micros| f64::from(*micros))
}

pub(crate) fn print(small: &[Row], large: &[Row]) {
    println!(
        "| 1 KiB, 64 connections | req/s | to bare, paired | p50 us | p99 us | CPU us/req | added CPU, paired | Redis CPU us/req | worked |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for row in small.iter().filter(|row| !row.samples.is_empty()) {
        let worked = row.samples.iter().any(|s| s.worked.is_some());
        println!(
            "| {} | {:.0} | {:.2} | {:.0} | {:.0} | {:.1} | {:+.1} | {:.1} | {} |",
            row.name,
            row.median(|s| s.rate),
            row.beside(&small[0], |mine, bare| mine.rate / bare.rate),
            row.median(|s| s.p50),
            row.median(|s| s.p99),
            row.median(|s| s.cpu),
            row.beside(&small[0], |mine, bare| mine.cpu - bare.cpu),
            row.median(|s| s.redis_cpu),
            if worked {
                format!(
                    "{:.0} %",
                    100.0 * row.median(|s| s.worked.unwrap_or_default())
                )
            } else {
                String::new()
            },
        );
    }
    println!();
    println!("| 1 MiB, 8 connections | req/s | p50 us | CPU us/req | to verified, paired |");
    println!("|---|---:|---:|---:|---:|");
    for row in large.iter().filter(|row| !row.samples.is_empty()) {
        println!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.2} |",
            row.name,
            row.median(|s| s.rate),
            row.median(|s| s.p50),
            row.median(|s| s.cpu),
            row.beside(&large[0], |mine, verified| mine.cpu / verified.cpu),
        );
    }
}
