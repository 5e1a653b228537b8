//! Serves the sandbox over HTTP/1.1 to other processes.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::arm::{Reply, Request, Response, Sandbox};
use super::errors;

/// ARM's own limit ("the maximum size of a request is 4 MB": Microsoft's documentation of limits).
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The most connections at a time. More wait in the listener's queue.
const MAX_CONNECTIONS: usize = 512;

/// Tells the person who runs the server about an error.
type Complain = dyn Fn(&str) + Send + Sync;

/// Answers the listener's connections until the future is dropped, which closes them. Each answer waits for `latency` first;
/// requests of several connections wait in parallel. Calls `complain` when the fleet's file is unusable.
///
/// It answers only requests to a loopback address or `localhost`. A web page can make its own host name resolve to 127.0.0.1 and
/// so reach a local server from the browser (DNS rebinding), but such a request names that host.
pub async fn serve(
    listener: TcpListener,
    sandbox: Arc<Sandbox>,
    latency: Duration,
    complain: impl Fn(&str) + Send + Sync + 'static,
) -> io::Result<()> {
    let complain: Arc<Complain> = Arc::new(complain);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            // The client closed the connection while it was queued.
            Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => continue,
            // Probably out of file descriptors. Other connections will close some.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let (sandbox, complain) = (Arc::clone(&sandbox), Arc::clone(&complain));
        connections.spawn(async move {
            converse(stream, &sandbox, latency, &*complain).await;
            drop(place);
        });
    }
}

async fn converse(stream: TcpStream, sandbox: &Sandbox, latency: Duration, complain: &Complain) {
    let service = service_fn(|request| async move {
        let reply = reply(request, sandbox, latency)
            .await
            .unwrap_or_else(Reply::Whole);
        if let Reply::Whole(response) = &reply
            && let Some(error) = response.unusable()
        {
            complain(&error);
        }
        into_http(reply)
    });
    // If a connection breaks, its client notices.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn reply(
    request: hyper::Request<Incoming>,
    sandbox: &Sandbox,
    latency: Duration,
) -> Result<Reply, Response> {
    let (head, body) = request.into_parts();
    let text = |name: HeaderName| head.headers.get(name).and_then(|v| v.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    let authority = head.uri.authority().map_or(host, |a| a.as_str());
    if let Some(other) = [host, authority].into_iter().find(|named| !is_local(named)) {
        return Err(errors::misdirected(other));
    }
    // Answer before reading the body: a client that announces too much may wait for the answer first.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(errors::too_large(MAX_BODY));
    }
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(|error| match error.downcast_ref::<LengthLimitError>() {
            Some(_) => errors::too_large(MAX_BODY),
            None => errors::cut_short(),
        })?
        .to_bytes();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    Ok(sandbox.answer(&Request {
        method: head.method.as_str(),
        target: head.uri.path_and_query().map_or("/", |t| t.as_str()),
        origin: &format!("http://{host}"),
        authorized: text(AUTHORIZATION).is_some_and(is_bearer),
        content_type: text(CONTENT_TYPE),
        body: &body,
    }))
}

fn is_bearer(authorization: &str) -> bool {
    let (scheme, token) = authorization.split_once(' ').unwrap_or_default();
    scheme.eq_ignore_ascii_case("Bearer") && !token.trim().is_empty()
}

/// Returns true if a `Host` header names this machine by a loopback address or `localhost`.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let inner = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let address: Result<IpAddr, _> = inner.unwrap_or(name).parse();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The HTTP response for `reply`. An error instead of a response, or of the rest of its body, closes the connection.
fn into_http(reply: Reply) -> io::Result<hyper::Response<UnsyncBoxBody<Bytes, io::Error>>> {
    let (response, is_whole) = match reply {
        Reply::Whole(response) => (response, true),
        Reply::Cut(response) => (response, false),
        Reply::Lost => return Err(io::ErrorKind::ConnectionReset.into()),
    };
    let body = Bytes::from(response.body);
    let body = if is_whole {
        Full::new(body)
            .map_err(|never| match never {})
            .boxed_unsync()
    } else {
        cut_after(body).boxed_unsync()
    };
    let mut http = hyper::Response::new(body);
    *http.status_mut() = hyper::StatusCode::from_u16(response.status).unwrap_or_default();
    for (name, value) in response.headers {
        // A header may repeat what a client sent. Omit it if the value is not valid in a header.
        if let Ok(value) = HeaderValue::try_from(value) {
            http.headers_mut()
                .append(HeaderName::from_static(name), value);
        }
    }
    Ok(http)
}

/// A body that breaks off after `start`. Yielding lets hyper send `start` before the connection closes.
fn cut_after(start: Bytes) -> impl Body<Data = Bytes, Error = io::Error> {
    let end = async {
        tokio::task::yield_now().await;
        Err(io::ErrorKind::ConnectionReset.into())
    };
    let start = stream::once(async { Ok(Frame::data(start)) });
    StreamBody::new(start.chain(stream::once(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_name_this_machine_are_local() {
        for host in [
            "localhost",
            "LocalHost:8999",
            "127.0.0.1",
            "127.1.2.3:1",
            "[::1]",
            "[::1]:80",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "localhost.evil",
            "0.0.0.0",
            "[::]",
            "[::1",
            "localhost:x",
            "x@localhost",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
