//! The process in which the SDKs of one language are.

use std::{
    collections::BTreeMap,
    fmt,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::payloads;

/// What one SDK can do for one preset.
#[derive(Deserialize)]
pub(crate) struct Sdk {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) signs: bool,
    pub(crate) verifies: bool,
    /// Whether it looks at the body.
    pub(crate) body: bool,
    /// Which times it refuses: `past`, `future`, both or none.
    pub(crate) clock: Vec<String>,
    /// Whether one may say when it signs.
    pub(crate) dated: bool,
}

impl fmt::Display for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} {}", self.slug, self.name, self.version)
    }
}

/// Killed when dropped.
pub(crate) struct Adapter {
    child: Child,
    address: String,
    client: Client<HttpConnector, Full<Bytes>>,
    sdks: Vec<Sdk>,
}

impl Adapter {
    /// Starts `tests/interop/<language>/main.*`, tells it the secrets, and asks what it has.
    pub(crate) async fn start(language: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let installed = root.join("target/interop").join(language);
        let mut command = match language {
            "python" => {
                let mut python = Command::new(installed.join("bin/python"));
                // The keys of the tokens are short, and nothing is to be written beside the program.
                python
                    .args(["-W", "ignore", "-B"])
                    .arg(root.join("tests/interop/python/main.py"));
                python
            }
            // Modules are looked for beside the program, so it is copied to where they are.
            _ => {
                let mut node = Command::new("node");
                node.arg(installed.join("main.mjs"));
                node
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let why = "the SDKs are not installed: tests/run --interop";
        let mut child = command.spawn().expect(why);
        let mut out = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = out.next().expect("it did not start").expect("a line");
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        let mut adapter = Self {
            child,
            address,
            client: Client::builder(TokioExecutor::new()).build_http(),
            sdks: Vec::new(),
        };
        let (_, sdks) = adapter.post("/setup", &payloads::configured()).await;
        adapter.sdks = serde_json::from_str(&sdks).expect("its SDKs");
        adapter
    }

    pub(crate) fn sdks(&self) -> &[Sdk] {
        &self.sdks
    }

    /// Lets the SDK judge a delivery: nothing when it accepts, or what it says.
    pub(crate) async fn verify(&self, sdk: &Sdk, request: &Request<Bytes>) -> Result<(), String> {
        let target = request.uri().path_and_query().map_or("/", |at| at.as_str());
        let at = format!("/verify/{}/{}{target}", sdk.slug, escaped(&sdk.name));
        let (status, why) = self.send(&at, request).await;
        match status {
            200 => Ok(()),
            400 => Err(why),
            _ => panic!("{sdk}: the adapter failed: {why}"),
        }
    }

    /// Lets the SDK sign `job` and deliver it itself; the status that it got, or why it got none.
    pub(crate) async fn deliver(
        &self,
        sdk: &Sdk,
        job: &BTreeMap<&str, Value>,
    ) -> Result<u16, String> {
        let at = format!("/sign/{}/{}", sdk.slug, escaped(&sdk.name));
        let (status, said) = self.post(&at, &json!(job)).await;
        match status {
            200 => said.parse().map_err(|_| said),
            _ => Err(said),
        }
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let request = Request::post(path).body(Bytes::from(body.to_string()));
        self.send(path, &request.expect("a request")).await
    }

    async fn send(&self, path: &str, request: &Request<Bytes>) -> (u16, String) {
        let there = send(&self.client, &self.address, path, request).await;
        (there.0, String::from_utf8_lossy(&there.1).into_owned())
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends this request to another path of that address.
pub(crate) async fn send(
    client: &Client<HttpConnector, Full<Bytes>>,
    address: &str,
    path: &str,
    request: &Request<Bytes>,
) -> (u16, Bytes) {
    let mut there = Request::builder()
        .method(request.method())
        .uri(format!("http://{address}{path}"));
    for (name, value) in request.headers() {
        there = there.header(name, value);
    }
    let there = there
        .body(Full::new(request.body().clone()))
        .expect("a request");
    let (head, body) = client.request(there).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("its body").to_bytes();
    (head.status.as_u16(), body)
}

/// A package's name in a path.
fn escaped(name: &str) -> String {
    name.replace('/', "%2F")
}
