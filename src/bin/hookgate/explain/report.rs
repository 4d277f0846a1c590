//! A diagnosis in words, and for scripts.

use hookgate::{
    Event, Rejection, RejectionKind,
    clock::UnixTime,
    event::{Covers, Field, Provenance},
    redact::visible,
};
use serde_json::{Value, json};

use super::{
    case::{Case, Verdict},
    diagnosis::{Diagnosis, Refusal},
    search::Hint,
};
use crate::shared::{carrier::carried, facts, out::bytes, times};

/// Lines for people.
pub(crate) fn text(case: &Case, diagnosis: &Diagnosis, now: UnixTime) -> Vec<String> {
    let mut lines = vec![headline(case, diagnosis)];
    if let Some(event) = diagnosis.event() {
        lines.extend(read(event, now));
        lines.extend(signed(case));
        return lines;
    }
    lines.extend(signed(case));
    let labels: Vec<_> = case
        .secrets
        .iter()
        .map(|given| given.label.as_str())
        .collect();
    lines.push(format!("  secrets   {}", labels.join(", ")));
    lines.push(format!("  body      {}", bytes(case.body.len())));
    if diagnosis.hints.is_empty() {
        lines.push(nothing(diagnosis));
    } else {
        lines.push("found by trying (with this, the signature matches):".to_owned());
        lines.extend(diagnosis.hints.iter().map(bullet));
    }
    if !diagnosis.seen.is_empty() {
        lines.push("seen, and not proved:".to_owned());
        lines.extend(diagnosis.seen.iter().map(bullet));
    }
    lines
}

fn headline(case: &Case, diagnosis: &Diagnosis) -> String {
    let slug = case.row.slug;
    match &diagnosis.verdict {
        Verdict::Valid(_) => format!("valid: {slug}"),
        _ => format!("not valid: {}", reason(diagnosis)),
    }
}

/// The refusal, and where the time was only one part of it, the other.
fn reason(diagnosis: &Diagnosis) -> String {
    let first = match &diagnosis.verdict {
        Verdict::Valid(_) => String::new(),
        Verdict::Refused(kind) => Rejection::new(*kind).to_string(),
        Verdict::Unusable(why) => why.to_string(),
    };
    let second = match &diagnosis.without_time {
        Some(Refusal::Kind(kind)) => Rejection::new(*kind).to_string(),
        Some(Refusal::Config(why)) => why.to_string(),
        None => first.clone(),
    };
    match first == second {
        true => first,
        false => format!("{first}, and {second}"),
    }
}

/// What a receiver reads out of a valid delivery.
pub(crate) fn read(event: &Event, now: UnixTime) -> Vec<String> {
    let field = |field: Option<&Field>| match field {
        Some(field) => format!("{} ({})", visible(&field.value), provenance(field)),
        None => "none".to_owned(),
    };
    let mut lines = vec![
        format!("  id        {}", field(event.id())),
        format!("  type      {}", field(event.event_type())),
    ];
    if let Some(version) = event.version() {
        lines.push(format!("  version   {}", field(Some(version))));
    }
    if let Some(signed) = event.signed_at() {
        let (time, apart) = (times::written(signed), times::apart(signed, now));
        lines.push(format!("  signed at {time}, {apart} it was judged"));
    }
    lines.push(format!("  secret    {}", event.secret_label()));
    lines.push(format!("  covers    {}", covers(event.covers())));
    lines
}

fn signed(case: &Case) -> Vec<String> {
    let signed = facts::signed(&case.row).into_iter();
    let carried = carried(&case.row, &case.parts).into_iter();
    signed
        .map(|line| format!("  signed    {line}"))
        .chain(carried.map(|line| format!("  arrived   {line}")))
        .collect()
}

fn nothing(diagnosis: &Diagnosis) -> String {
    let cut = match diagnosis.cut {
        true => " (fewer than usual, since the body is large)",
        false => "",
    };
    let why = match diagnosis.without_time {
        Some(Refusal::Kind(RejectionKind::BadSignature)) => {
            "the signature matches with none. It was made with another secret, or of other bytes"
        }
        _ => "it is refused with each",
    };
    format!(
        "nothing found: {} changes of body, secret, URL, headers and preset were tried{cut}, and {why}",
        diagnosis.tried
    )
}

fn bullet(hint: &Hint) -> String {
    format!("  - {}", hint.says)
}

fn provenance(field: &Field) -> &'static str {
    match field.provenance {
        Provenance::Signed => "signed",
        Provenance::Derived => "derived from signed bytes",
        Provenance::Unsigned => "unsigned",
    }
}

fn covers(covers: Covers) -> &'static str {
    match covers {
        Covers::Body => "the whole body",
        Covers::Fields => "some fields, not the body",
        Covers::Sender => "nothing of the delivery, only who sent it",
        Covers::Nothing => "nothing",
    }
}

/// An object for scripts.
pub(crate) fn json(case: &Case, diagnosis: &Diagnosis) -> Value {
    let hints = |hints: &[Hint]| -> Value {
        let each = hints
            .iter()
            .map(|hint| json!({ "kind": hint.kind, "text": hint.says }));
        each.collect()
    };
    let label = match &diagnosis.verdict {
        Verdict::Valid(_) => None,
        Verdict::Refused(kind) => Some(kind.label()),
        Verdict::Unusable(_) => Some("configuration"),
    };
    let field = |field: Option<&Field>| {
        field.map(|field| json!({ "value": field.value, "provenance": provenance(field) }))
    };
    json!({
        "preset": case.row.slug,
        "valid": diagnosis.is_valid(),
        "reason": label,
        "text": label.map(|_| reason(diagnosis)),
        "event": diagnosis.event().map(|event| json!({
            "id": field(event.id()),
            "type": field(event.event_type()),
            "version": field(event.version()),
            "signed_at": event.signed_at().map(times::written),
            "secret": event.secret_label(),
            "covers": covers(event.covers()),
        })),
        "hints": hints(&diagnosis.hints),
        "seen": hints(&diagnosis.seen),
        "tried": diagnosis.tried,
    })
}
