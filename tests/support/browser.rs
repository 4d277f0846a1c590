//! The little of a browser that forms need.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// Sends what it was told to, and the cookie that it was given. Follows no redirect.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    headers: BTreeMap<String, String>,
    cookie: Arc<Mutex<Option<String>>>,
}

pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address,
            headers: BTreeMap::new(),
            cookie: Arc::default(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn logged_in(self, user: &str, password: &str) -> Self {
        let pair = BASE64.encode(format!("{user}:{password}").as_bytes());
        self.with_header("authorization", &format!("Basic {pair}"))
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn without_cookie(mut self) -> Self {
        self.cookie = Arc::default();
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Page {
        self.send("POST", path, form).await
    }

    async fn send(&self, method: &str, path: &str, form: &str) -> Page {
        let url = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(url);
        if method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let kept = self.cookie.lock().unwrap().clone();
        if let Some(cookie) = kept.filter(|_| !self.headers.contains_key("cookie")) {
            request = request.header("cookie", cookie);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::from(form.to_owned())).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let page = Page {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        if let Some(cookie) = page
            .header("set-cookie")
            .split(';')
            .next()
            .filter(|c| !c.is_empty())
        {
            *self.cookie.lock().unwrap() = Some(cookie.to_owned());
        }
        page
    }
}

impl Page {
    /// A header's value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// What the page's forms carry.
    pub(crate) fn token(&self) -> &str {
        let rest = self
            .body
            .split("name=\"token\" value=\"")
            .nth(1)
            .expect("a form");
        rest.split('"').next().unwrap()
    }
}
