/// Where a sender publishes the addresses that its deliveries come from.
///
/// Facts with a date: read the page before you rely on it, and refresh the list by a job of yours
/// (see [the recipe](crate::allowlist#refreshing-a-list)). Nothing here is downloaded by hookgate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Published {
    /// The scheme, spelled as the slug of its provider row is.
    pub slug: &'static str,
    /// The page or file with the list.
    pub url: &'static str,
    /// Which part of it is meant; empty when all of it is.
    pub part: &'static str,
    /// What says that this is the list.
    pub source: &'static str,
    /// The month in which that was read.
    pub checked: &'static str,
}

/// The lists that senders publish, by slug. Senders that publish none, or that advise against
/// lists, are left out; so is what was not read at the sender's own.
pub const PUBLISHED: &[Published] = &[
    Published {
        slug: "brevo",
        url: "https://help.brevo.com/hc/en-us/articles/15127404548498",
        part: "webhook IP ranges",
        source: "https://help.brevo.com/hc/en-us/articles/15127404548498",
        checked: "2026-11",
    },
    Published {
        slug: "clerk",
        url: "https://docs.svix.com/receiving/source-ips",
        part: "Clerk sends through Svix",
        source: "https://clerk.com/docs/guides/development/webhooks/overview",
        checked: "2026-11",
    },
    Published {
        slug: "cloudflare-notifications",
        url: "https://www.cloudflare.com/ips/",
        part: "",
        source: "https://developers.cloudflare.com/notifications/get-started/configure-webhooks/",
        checked: "2026-11",
    },
    Published {
        slug: "github",
        url: "https://api.github.com/meta",
        part: "JSON, key `hooks`",
        source: "https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks",
        checked: "2026-11",
    },
    Published {
        slug: "microsoft-graph",
        url: "https://learn.microsoft.com/microsoft-365/enterprise/additional-office365-ip-addresses-and-urls",
        part: "change notifications",
        source: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
        checked: "2026-11",
    },
    Published {
        slug: "paddle",
        url: "https://developer.paddle.com/webhooks/respond-to-webhooks",
        part: "live and sandbox have a list each",
        source: "https://developer.paddle.com/webhooks/respond-to-webhooks",
        checked: "2026-11",
    },
    Published {
        slug: "plaid",
        url: "https://plaid.com/docs/api/webhooks/",
        part: "",
        source: "https://plaid.com/docs/api/webhooks/",
        checked: "2026-11",
    },
    Published {
        slug: "resend",
        url: "https://docs.svix.com/receiving/source-ips",
        part: "Resend sends through Svix, region US",
        source: "https://resend.com/docs/dashboard/webhooks/introduction",
        checked: "2026-11",
    },
    Published {
        slug: "stripe",
        url: "https://docs.stripe.com/ips",
        part: "webhook notifications",
        source: "https://docs.stripe.com/ips",
        checked: "2026-11",
    },
    Published {
        slug: "stripe-thin",
        url: "https://docs.stripe.com/ips",
        part: "webhook notifications",
        source: "https://docs.stripe.com/ips",
        checked: "2026-11",
    },
    Published {
        slug: "svix",
        url: "https://docs.svix.com/receiving/source-ips",
        part: "by region; also as JSON, `webhook-ips.json`",
        source: "https://docs.svix.com/receiving/source-ips",
        checked: "2026-11",
    },
];
