//! One operation of the door: what it is, for the server and for the document that describes it.

use std::sync::Arc;

use axum::http::Method;
use axum::response::Response;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::request::RestRequest;
use crate::server::problem::Problem;
use crate::tokens::TokenScope;

/// How a request ends.
pub(crate) type RestResult = Result<Response, Problem>;

type Handler = Arc<dyn Fn(RestRequest) -> BoxFuture<'static, RestResult> + Send + Sync>;

/// Adds a type to the components, and refers to it.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Which tokens open a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteAuth {
    /// None is asked for.
    Open,
    /// The client's own.
    Client,
    /// The client's own, or the session's.
    ClientOrSession,
    /// The session's.
    Session,
    /// One of the two, whatever the configuration asks for: what it opens is not bound to a session.
    Any,
}

/// What a route reads behind the head of a request.
#[derive(Clone, Copy)]
pub(crate) enum BodyRule {
    /// Nothing.
    None,
    /// A JSON object with the fields of a type. Where all of them are optional, the body may be missing.
    Json { schema: SchemaOf, is_required: bool },
    /// Bytes of these media types, which the handler reads itself.
    Raw(&'static [&'static str]),
}

/// What an answer holds.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    /// Nothing.
    None,
    /// A value of a type.
    Json(SchemaOf),
    /// Bytes or text of these media types.
    Media(&'static [&'static str]),
    /// A value of a type, or bytes of these media types, as `Accept` asks for.
    JsonOrMedia(SchemaOf, &'static [&'static str]),
}

/// One answer other than a problem.
#[derive(Clone, Copy)]
pub(crate) struct AnswerSpec {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    pub(crate) content: Content,
    /// Names and descriptions.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// One operation.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule of its own, in the table under its own name"
)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Without a prefix, with `{name}` for each parameter.
    pub(crate) path: &'static str,
    pub(crate) operation_id: &'static str,
    pub(crate) summary: &'static str,
    /// The heading under which documents list it.
    pub(crate) tag: &'static str,
    pub(crate) auth: RouteAuth,
    /// What a session's token must grant.
    pub(crate) token_scope: TokenScope,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: BodyRule,
    pub(crate) answers: Vec<AnswerSpec>,
    /// Whether it is answered beyond the client's rate too: ending is always allowed.
    pub(crate) ignores_rate: bool,
    /// Whether the token of a session opens it after its end too.
    pub(crate) takes_ended: bool,
    /// Whether it is about more than one page, so that a token of one page does not open it.
    pub(crate) is_of_whole_session: bool,
    /// Whether it changes nothing that outlives it, so that it ends when its client hangs up.
    pub(crate) ends_with_client: bool,
    /// Whether the token may stand in the query, for programs that cannot set headers.
    pub(crate) takes_query_token: bool,
    pub(crate) handler: Handler,
}

impl Route {
    fn new<F>(method: Method, path: &'static str, operation_id: &'static str, handler: F) -> Self
    where
        F: AsyncHandler,
    {
        Self {
            method,
            path,
            operation_id,
            summary: "",
            tag: "other",
            auth: RouteAuth::ClientOrSession,
            token_scope: TokenScope::Rest,
            query: None,
            body: BodyRule::None,
            answers: Vec::new(),
            ignores_rate: false,
            takes_ended: false,
            is_of_whole_session: false,
            ends_with_client: false,
            takes_query_token: false,
            handler: handler.boxed_handler(),
        }
    }

    /// An operation that only reads.
    pub(crate) fn get(path: &'static str, id: &'static str, handler: impl AsyncHandler) -> Self {
        Self::new(Method::GET, path, id, handler)
    }

    /// An operation that changes something.
    pub(crate) fn post(path: &'static str, id: &'static str, handler: impl AsyncHandler) -> Self {
        Self::new(Method::POST, path, id, handler)
    }

    /// An operation that changes some fields.
    pub(crate) fn patch(path: &'static str, id: &'static str, handler: impl AsyncHandler) -> Self {
        Self::new(Method::PATCH, path, id, handler)
    }

    /// An operation that ends something.
    pub(crate) fn delete(path: &'static str, id: &'static str, handler: impl AsyncHandler) -> Self {
        Self::new(Method::DELETE, path, id, handler)
    }

    /// What it does, in a line.
    pub(crate) fn summary(self, tag: &'static str, summary: &'static str) -> Self {
        Self {
            summary,
            tag,
            ..self
        }
    }

    /// Which tokens open it, if not those of clients and sessions.
    pub(crate) fn auth(self, auth: RouteAuth) -> Self {
        Self { auth, ..self }
    }

    /// What a session's token must grant, if not `rest`.
    pub(crate) fn token_scope(self, token_scope: TokenScope) -> Self {
        Self {
            token_scope,
            ..self
        }
    }

    /// The parameters of its query: the fields of a type.
    pub(crate) fn query<T: JsonSchema>(self) -> Self {
        Self {
            query: Some(schema_of::<T>),
            ..self
        }
    }

    /// It needs a JSON object.
    pub(crate) fn json<T: JsonSchema>(self) -> Self {
        self.json_body::<T>(true)
    }

    /// It takes a JSON object, or nothing.
    pub(crate) fn optional_json<T: JsonSchema>(self) -> Self {
        self.json_body::<T>(false)
    }

    fn json_body<T: JsonSchema>(self, is_required: bool) -> Self {
        let schema = schema_of::<T>;
        Self {
            body: BodyRule::Json {
                schema,
                is_required,
            },
            ..self
        }
    }

    /// It reads its own body.
    pub(crate) fn raw(self, media_types: &'static [&'static str]) -> Self {
        Self {
            body: BodyRule::Raw(media_types),
            ..self
        }
    }

    /// It is answered beyond the client's rate too.
    pub(crate) fn beyond_rate(self) -> Self {
        Self {
            ignores_rate: true,
            ..self
        }
    }

    /// The token of a session opens it after its end too.
    pub(crate) fn of_ended(self) -> Self {
        Self {
            takes_ended: true,
            ..self
        }
    }

    /// A token that is limited to one page does not open it.
    pub(crate) fn of_whole_session(self) -> Self {
        Self {
            is_of_whole_session: true,
            ..self
        }
    }

    /// It ends when its client hangs up.
    pub(crate) fn ends_with_client(self) -> Self {
        Self {
            ends_with_client: true,
            ..self
        }
    }

    /// Its token may stand in the query.
    pub(crate) fn query_token(self) -> Self {
        Self {
            takes_query_token: true,
            ..self
        }
    }

    /// It answers with a value of this type.
    pub(crate) fn answers<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        self.answers_with(status, description, Content::Json(schema_of::<T>), &[])
    }

    /// It answers without a body.
    pub(crate) fn answers_nothing(self, status: u16, description: &'static str) -> Self {
        self.answers_with(status, description, Content::None, &[])
    }

    /// It answers with these media types.
    pub(crate) fn answers_media(
        self,
        description: &'static str,
        media_types: &'static [&'static str],
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.answers_with(200, description, Content::Media(media_types), headers)
    }

    /// It answers with a value of this type or with these media types, as `Accept` asks for.
    pub(crate) fn answers_json_or<T: JsonSchema>(
        self,
        description: &'static str,
        media_types: &'static [&'static str],
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        let content = Content::JsonOrMedia(schema_of::<T>, media_types);
        self.answers_with(200, description, content, headers)
    }

    /// The headers of its last answer.
    pub(crate) fn with_headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers = headers;
        }
        self
    }

    fn answers_with(
        mut self,
        status: u16,
        description: &'static str,
        content: Content,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.answers.push(AnswerSpec {
            status,
            description,
            content,
            headers,
        });
        self
    }

    /// The media types that it answers with.
    pub(crate) fn media_types(&self) -> Vec<&'static str> {
        let of = |content: Content| match content {
            Content::None => Vec::new(),
            Content::Json(_) => vec!["application/json"],
            Content::Media(types) => types.to_vec(),
            Content::JsonOrMedia(_, types) => [types, &["application/json"]].concat(),
        };
        self.answers.iter().flat_map(|it| of(it.content)).collect()
    }
}

/// A function that handles the requests of a route.
pub(crate) trait AsyncHandler: Send + Sync + 'static {
    fn boxed_handler(self) -> Handler;
}

impl<F, A> AsyncHandler for F
where
    F: Fn(RestRequest) -> A + Send + Sync + 'static,
    A: Future<Output = RestResult> + Send + 'static,
{
    fn boxed_handler(self) -> Handler {
        Arc::new(move |request| self(request).boxed())
    }
}
