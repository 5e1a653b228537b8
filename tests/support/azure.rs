//! An Azure on loopback: the sandbox behind a hook that can observe, change or replace each answer.

use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use azlin::sandbox::{DEFAULT_PAGE_SIZE, Fault, Reply, Request, Response, Sandbox};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Barrier;

use super::Project;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub host: String,
    pub token: String,
    /// The header that App Service requires from clients that request its identity's token.
    pub identity_header: String,
    pub body: Vec<u8>,
}

type Hook = dyn Fn(&Asked, &mut dyn FnMut() -> Response) -> Response + Send + Sync;

/// The server and the requests that it received. It ends with the test's process.
pub struct Azure {
    pub endpoint: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    most_at_once: Arc<AtomicUsize>,
    sandbox: Arc<Sandbox>,
}

struct Served {
    sandbox: Arc<Sandbox>,
    /// The hook. Without one, the sandbox answers, or loses the answer.
    hook: Option<Box<Hook>>,
    /// Whether the hook may block.
    threaded: bool,
    asked: Arc<Mutex<Vec<Asked>>>,
    at_once: AtomicUsize,
    most_at_once: Arc<AtomicUsize>,
    /// The number of requests that must arrive before it answers the first.
    together: Option<(usize, Barrier)>,
}

impl Azure {
    /// The standard fleet, or the one in `state`, without any fault.
    pub fn faithful(state: PathBuf) -> Self {
        Self::serve(state, None, |_, answer| answer())
    }

    /// The sandbox with these faults, each written as for `sandbox serve --fault`.
    pub fn with_faults(state: PathBuf, faults: &[&str]) -> Self {
        let faults = faults.iter().map(|text| Fault::parse(text).unwrap());
        let sandbox = Sandbox::open(state, DEFAULT_PAGE_SIZE).with_faults(faults.collect());
        Self::start(sandbox, None, false, None)
    }

    /// The number of times that faults of this kind fired.
    pub fn fired(&self, kind: &str) -> u64 {
        self.sandbox.fired(kind)
    }

    /// Answers through `hook`, which may call the sandbox for its answer. With `together`, it answers the first requests only
    /// when that many have arrived, so a client that does not send them in parallel hangs.
    pub fn serve(
        state: PathBuf,
        together: Option<usize>,
        hook: impl Fn(&Asked, &mut dyn FnMut() -> Response) -> Response + Send + Sync + 'static,
    ) -> Self {
        let sandbox = Sandbox::open(state, DEFAULT_PAGE_SIZE);
        Self::start(sandbox, together, false, Some(Box::new(hook)))
    }

    /// Answers through a `hook` that may wait for other requests.
    pub fn threaded(
        state: PathBuf,
        hook: impl Fn(&Asked, &mut dyn FnMut() -> Response) -> Response + Send + Sync + 'static,
    ) -> Self {
        let sandbox = Sandbox::open(state, DEFAULT_PAGE_SIZE);
        Self::start(sandbox, None, true, Some(Box::new(hook)))
    }

    fn start(
        sandbox: Sandbox,
        together: Option<usize>,
        threaded: bool,
        hook: Option<Box<Hook>>,
    ) -> Self {
        let sandbox = Arc::new(sandbox);
        let (asked, most_at_once) = (
            Arc::<Mutex<Vec<Asked>>>::default(),
            Arc::<AtomicUsize>::default(),
        );
        let served = Arc::new(Served {
            sandbox: sandbox.clone(),
            hook,
            threaded,
            asked: asked.clone(),
            at_once: AtomicUsize::new(0),
            most_at_once: most_at_once.clone(),
            together: together.map(|many| (many, Barrier::new(many))),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let origin = endpoint.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(accept(listener, origin, served));
        });
        Self {
            endpoint,
            asked,
            most_at_once,
            sandbox,
        }
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The maximum number of requests in progress at once.
    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }

    /// A project whose file points here, and whose environment has the token `secret-token`.
    pub fn project(&self, sessions: &str) -> Project {
        let file = format!(
            "[azure]\nendpoint = \"{}\"\nsubscription = \"{}\"\n\n{sessions}",
            self.endpoint,
            azlin::sandbox::SUBSCRIPTION
        );
        Project::new(&file).with_env("AZURE_ACCESS_TOKEN", "secret-token")
    }
}

impl Served {
    fn answer(&self, asked: &Asked, origin: &str, content_type: &str) -> Reply {
        let faithful = || {
            self.sandbox.answer(&Request {
                method: &asked.method,
                target: &asked.target,
                origin,
                authorized: !asked.token.is_empty(),
                content_type: Some(content_type).filter(|value| !value.is_empty()),
                body: &asked.body,
            })
        };
        match &self.hook {
            Some(hook) => Reply::Whole(hook(asked, &mut || faithful().whole().unwrap())),
            None => faithful(),
        }
    }
}

async fn accept(listener: std::net::TcpListener, origin: String, served: Arc<Served>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (served, origin) = (served.clone(), origin.clone());
        let service = service_fn(move |request| answer(request, origin.clone(), served.clone()));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // Some tests disconnect a client in the middle.
            let _ = connection.await;
        });
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    origin: String,
    served: Arc<Served>,
) -> Result<hyper::Response<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
    let now = served.at_once.fetch_add(1, Ordering::SeqCst) + 1;
    served.most_at_once.fetch_max(now, Ordering::SeqCst);
    let header = |name| {
        let value = request.headers().get(name).map(|value| value.to_str());
        value.map_or(String::new(), |value| value.unwrap().to_owned())
    };
    let (token, content_type) = (header("authorization"), header("content-type"));
    let (host, identity_header) = (header("host"), header("x-identity-header"));
    let (method, target) = (request.method().to_string(), request.uri().to_string());
    let body = request.into_body().collect().await?.to_bytes().to_vec();
    let asked = Asked {
        method,
        target,
        host,
        identity_header,
        token: token.strip_prefix("Bearer ").unwrap_or("").to_owned(),
        body,
    };
    let position = {
        let mut all = served.asked.lock().unwrap();
        all.push(asked.clone());
        all.len()
    };
    if let Some((many, barrier)) = &served.together
        && position <= *many
    {
        barrier.wait().await;
    }
    let reply = if served.threaded {
        let (served, asked) = (served.clone(), asked.clone());
        let answering = move || served.answer(&asked, &origin, &content_type);
        tokio::task::spawn_blocking(answering).await.unwrap()
    } else {
        served.answer(&asked, &origin, &content_type)
    };
    served.at_once.fetch_sub(1, Ordering::SeqCst);
    // An error in place of an answer closes the connection. Only `sandbox serve` can cut a body short.
    let response = reply.whole().ok_or("closed")?;
    let mut built = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        built = built.header(*name, value);
    }
    Ok(built
        .body(Full::new(Bytes::from(response.body)))
        .expect("the hook answers"))
}

/// The answer with another body.
pub fn with_body(mut response: Response, body: &Value) -> Response {
    response.body = body.to_string().into_bytes();
    response
}

/// An answer with this status and body.
pub fn saying(status: u16, body: &Value) -> Response {
    Response {
        status,
        headers: vec![("content-type", "application/json".to_owned())],
        body: body.to_string().into_bytes(),
    }
}

/// The answer's body, parsed.
pub fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}
