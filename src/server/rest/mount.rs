//! From an HTTP request to the handler of its route. What all routes have in common happens here, in this order: method,
//! token, rate, media types, query, body, `Idempotency-Key`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::any;
use cdp_bridge_protocol::{ErrorCode, RequestKind};
use futures::FutureExt as _;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::access::Access;
use super::body::{self, check_accept};
use super::detach::DetachOnDrop;
use super::openapi::query_schema;
use super::request::{Entered, RestRequest};
use super::route::{RestResult, Route};
use super::{query, rate_headers, repeated};
use crate::operations::OperationError;
use crate::server::edge::envelope::HttpRequestId;
use crate::server::edge::per_ip_limit::IpPermit;
use crate::server::problem::{Effect, Problem};
use crate::server::state::ServerState;

/// Where the routes are served: with the version, and without as earlier drafts have them.
const PREFIXES: [&str; 2] = ["/v1", ""];

/// A route with what is computed of it once.
#[derive(Clone)]
struct MountedRoute {
    route: Route,
    /// The schema of its query.
    query: Value,
}

/// The routes of one path.
type PathRoutes = Arc<Vec<MountedRoute>>;

/// Adds every route of the table to a router.
pub(crate) fn mount(
    mut router: Router<Arc<ServerState>>,
    table: Vec<Route>,
) -> Router<Arc<ServerState>> {
    let mut paths: IndexMap<&'static str, Vec<MountedRoute>> = IndexMap::new();
    for route in table {
        let query = query_schema(&route);
        let mounted = MountedRoute { route, query };
        paths.entry(mounted.route.path).or_default().push(mounted);
    }
    for (path, of_path) in paths {
        let of_path: PathRoutes = Arc::new(of_path);
        for prefix in PREFIXES {
            let of_path = Arc::clone(&of_path);
            let handler =
                async move |State(state): State<Arc<ServerState>>, request: Request| match serve(
                    state, of_path, request,
                )
                .await
                {
                    Ok(response) => response,
                    Err(problem) => problem.into_response(),
                };
            router = router.route(&format!("{prefix}{path}"), any(handler));
        }
    }
    router
}

/// The methods of a path, for `Allow`.
fn allowed(routes: &PathRoutes) -> String {
    let mut methods = Vec::new();
    for mounted in routes.iter() {
        methods.push(mounted.route.method.as_str());
        if mounted.route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

async fn serve(state: Arc<ServerState>, routes: PathRoutes, request: Request) -> RestResult {
    let method = match request.method() {
        &Method::HEAD => &Method::GET,
        method => method,
    };
    let Some(found) = routes.iter().find(|it| it.route.method == *method) else {
        let problem = Problem::method_not_allowed(&allowed(&routes));
        if method == Method::OPTIONS {
            let allow = [(axum::http::header::ALLOW, allowed(&routes))];
            return Ok((StatusCode::NO_CONTENT, allow).into_response());
        }
        return Err(problem);
    };
    let (mut head, body) = request.into_parts();
    let params = params(&mut head).await?;
    let (in_query, rest) = take_token(&found.route, &head);
    let entered = enter(&state, &found.route, &head, in_query.as_deref())?;
    let limits = entered.clone();
    let result = async {
        check_rate(&found.route, entered.as_ref())?;
        check_accept(&head.headers, &found.route)?;
        let query = query::read(&rest, &found.query)?;
        unless_known(&query, found)?;
        let max = state.settings.config.max_message_bytes;
        let body = body::read(found.route.body, &head.headers, body, max).await?;
        let request = RestRequest {
            state: Arc::clone(&state),
            path: head.uri.path().to_owned(),
            id: head
                .extensions
                .get::<HttpRequestId>()
                .cloned()
                .unwrap_or_else(|| HttpRequestId::of(&head.headers)),
            headers: head.headers.clone(),
            params,
            query,
            body,
            entered,
            once: None,
            made: None,
        };
        run(&found.route, &head, request).await
    }
    .await;
    let mut response = result.unwrap_or_else(Problem::into_response);
    if let Some(entered) = limits {
        rate_headers::add(&entered.access.principal, &mut response);
    }
    Ok(response)
}

async fn params(head: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let params = RawPathParams::from_request_parts(head, &()).await;
    let bad = |_| Problem::protocol(ErrorCode::BadRequest, "the path is not UTF-8");
    let params = params.map_err(bad)?;
    let pairs = params.iter();
    Ok(pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// The token in the query, where the route takes one, and the rest of the query. Elsewhere it is an unknown field.
fn take_token(route: &Route, head: &Parts) -> (Option<String>, String) {
    let query = head.uri.query().unwrap_or_default();
    if !route.takes_query_token {
        return (None, query.to_owned());
    }
    let mut token = None;
    let mut rest = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if name == "token" {
            token = Some(value.into_owned());
        } else {
            rest.append_pair(&name, &value);
        }
    }
    (token, rest.finish())
}

fn enter(
    state: &Arc<ServerState>,
    route: &Route,
    head: &Parts,
    in_query: Option<&str>,
) -> Result<Option<Entered>, Problem> {
    let permit = head.extensions.get::<Arc<IpPermit>>().map(Arc::as_ref);
    let access = Access::authenticate(state, route, &head.headers, in_query, permit)?;
    let Some(access) = access else {
        return Ok(None);
    };
    access.check_scope(route.token_scope)?;
    access.check_page(route.is_of_whole_session)?;
    access.check_ended(route.takes_ended)?;
    access.use_session(state, route.token_scope);
    let caller = state.rest.callers.of(state.operations(), &access.principal);
    let arrival = caller.message_arrived();
    Ok(Some(Entered {
        access,
        caller,
        arrival,
    }))
}

fn check_rate(route: &Route, entered: Option<&Entered>) -> Result<(), Problem> {
    let exceeded = entered.and_then(|it| it.arrival.rate_exceeded());
    match exceeded {
        Some(exceeded) if !route.ignores_rate => {
            let error = OperationError::RateLimited(exceeded);
            Err(Problem::of_operation(RequestKind::Ping, &error, None))
        }
        _ => Ok(()),
    }
}

/// Refuses parameters of a route that has none.
fn unless_known(query: &Map<String, Value>, found: &MountedRoute) -> Result<(), Problem> {
    if found.route.query.is_some() {
        return Ok(());
    }
    match query.keys().next() {
        None => Ok(()),
        Some(name) => {
            let detail = format!("{name}: unknown parameter of the query; expected none");
            Err(Problem::bad_field(name, detail))
        }
    }
}

/// Calls the handler. What changes something goes on when its client hangs up, since it may have begun; and what has a key,
/// whose client may come back for the answer.
async fn run(route: &Route, head: &Parts, mut request: RestRequest) -> RestResult {
    let key = match route.method {
        Method::GET => None,
        _ => repeated::key_of(&head.headers)?,
    };
    if route.method == Method::GET || (route.ends_with_client && key.is_none()) {
        return (route.handler)(request).await;
    }
    let leader = match (key, &request.entered) {
        (Some(key), Some(entered)) => {
            let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
            let path = path.strip_prefix(PREFIXES[0]).unwrap_or(path);
            let body = request.body.fingerprint();
            let rights = entered.access.rights();
            let method = route.method.as_str();
            let print = repeated::fingerprint(method, path, query, &body, &rights);
            let scope = &entered.access.principal.scope;
            let leader = match repeated::begin(&request.state.rest.keys, scope, &key, print).await {
                Ok(leader) => leader,
                Err(answer) => return Ok(answer),
            };
            let once = repeated::kept_key(scope, &key, print);
            request.made = repeated::made_before(request.state.operations(), &once)?;
            request.once = Some(once);
            Some(leader)
        }
        _ => None,
    };
    let id = request.id.clone();
    let handling = (route.handler)(request);
    let running = DetachOnDrop::new(async move {
        let result = AssertUnwindSafe(handling).catch_unwind().await;
        let result = result.unwrap_or_else(|_| {
            tracing::error!(request = id.as_str(), "a handler panicked");
            Err(lost())
        });
        match leader {
            None => result,
            Some(leader) => Ok(repeated::settle(leader, result).await),
        }
    });
    running.await
}

fn lost() -> Problem {
    let detail = "internal error of the bridge; its log has the details";
    Problem::protocol(ErrorCode::Internal, detail).with_effect(Effect::Possible)
}
