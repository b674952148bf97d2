//! The isolated world of a frame: the main frame, or a cross-origin frame. Its script also reaches
//! nested frames of the same origin; Chromium gives no script access to others.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::error::PageActionError;
use super::script::{COPIED_BINDING, SCRIPT};
use crate::cdp::client::shape;
use crate::cdp::events::{EventKind, FrameNavigated, OfFrame};
use crate::cdp::json;
use crate::cdp::methods::Method as _;
use crate::cdp::page_methods::{
    AddBinding, CallOn, CreateIsolatedWorld, DescribeNode, EvaluateIn, FunctionArgument,
    ResolveNode,
};
use crate::cdp::results::{EvaluateResult, evaluated, exception};
use crate::cdp::{CallError, RawEvent, TargetSession};
use crate::lock::lock;
pub(super) use crate::tabs::object_handle::ObjectHandle;
use crate::tabs::unawaited::send_unawaited;
use crate::timer::remaining;

/// The name of the world in DevTools.
const NAME: &str = "cdp-bridge";

#[derive(Debug)]
pub(super) struct World {
    pub session: TargetSession,
    frame: String,
    /// The execution context of the current document, once it has been created.
    context: Mutex<Option<i64>>,
    /// The document, and the execution context in which it was the current one.
    document: Mutex<Option<(i64, DocumentObjects)>>,
    /// The execution context that was created last. A call in it may be running.
    created: Mutex<Option<i64>>,
    /// The frame element, unless this is the main frame: the parent's world, and the number of the
    /// element there.
    owner: Mutex<Option<(Weak<World>, u64)>>,
    /// Whether a navigation of this frame has begun and not committed.
    navigating: watch::Sender<bool>,
}

/// A document as a remote object.
#[derive(Debug, Clone)]
pub(super) struct DocumentObjects {
    /// In the isolated world.
    pub(super) isolated: Arc<ObjectHandle>,
    /// In the world of the page's own scripts; `None` if it has none.
    pub(super) main: Option<Arc<ObjectHandle>>,
}

impl World {
    pub(super) fn new(session: TargetSession, frame: &str) -> Self {
        Self {
            session,
            frame: frame.to_owned(),
            context: Mutex::new(None),
            document: Mutex::new(None),
            created: Mutex::new(None),
            owner: Mutex::new(None),
            navigating: watch::Sender::new(false),
        }
    }

    /// Handles an event of the frame's session.
    pub(super) fn on_event(&self, event: &RawEvent) {
        let frame = match event.kind {
            EventKind::FrameNavigated => {
                let navigated = event.decode::<FrameNavigated>();
                navigated.map(|navigated| navigated.frame.id)
            }
            EventKind::FrameStartedNavigating
            | EventKind::FrameStoppedLoading
            | EventKind::NavigatedWithinDocument => event.decode::<OfFrame>().map(|of| of.frame_id),
            _ => None,
        };
        if frame.is_some_and(|frame| frame.as_str() == self.frame) {
            if event.kind == EventKind::FrameNavigated {
                // Objects of the document before tell nothing of this one.
                self.invalidate();
            }
            let begins = event.kind == EventKind::FrameStartedNavigating;
            self.navigating.send_replace(begins);
        }
    }

    /// Waits until a navigation of this frame has begun and not committed. Chromium answers calls that
    /// are made then only after the commit.
    pub(super) async fn navigating(&self) {
        let mut navigating = self.navigating.subscribe();
        // The sender lives as long as this world.
        let _ = navigating.wait_for(|begun| *begun).await;
    }

    /// `Page.FrameId`.
    pub(super) fn frame(&self) -> &str {
        &self.frame
    }

    /// Forgets the execution context after a navigation.
    pub(super) fn invalidate(&self) {
        *lock(&self.context) = None;
        *lock(&self.document) = None;
    }

    /// The frame element: its world and its number there.
    pub(super) fn owner(&self) -> Option<(Arc<Self>, u64)> {
        let owner = lock(&self.owner);
        let (world, number) = owner.as_ref()?;
        Some((world.upgrade()?, *number))
    }

    pub(super) fn set_owner(&self, world: Weak<Self>, number: u64) {
        *lock(&self.owner) = Some((world, number));
    }

    pub(super) async fn call<A: Serialize + Sync, R: DeserializeOwned>(
        &self,
        function: &'static str,
        args: &A,
        deadline: Instant,
    ) -> Result<R, PageActionError> {
        let result = self.call_raw(function, args, deadline).await?;
        parse(&result)
    }

    /// Calls a function of the script on a node of the frame, which no locator may reach.
    pub(super) async fn call_on_node<R: DeserializeOwned>(
        &self,
        function: &'static str,
        backend_node_id: i64,
        args: &(impl Serialize + Sync + ?Sized),
        deadline: Instant,
    ) -> Result<R, PageActionError> {
        // Creates the execution context, with the script in it.
        self.call_raw("size", &(), deadline).await?;
        let resolve = ResolveNode {
            backend_node_id,
            execution_context_id: *lock(&self.context),
        };
        let left = remaining(deadline);
        let node = self.session.call(resolve, left).await?.object.object_id;
        let node = ObjectHandle::new(
            self.session.clone(),
            node.ok_or(PageActionError::PageLeft)?.into(),
        );
        let call = CallOn {
            object_id: node.id(),
            function_declaration: Cow::Owned(format!(
                "function(args) {{ return cdpBridge.{function}(this, args); }}"
            )),
            arguments: vec![FunctionArgument::value(args)?],
            return_by_value: true,
            await_promise: true,
            user_gesture: true,
        };
        let result = self.session.call_raw(call, left).await?;
        match evaluated(&result)? {
            EvaluateResult::Value(value) => parse(&value),
            EvaluateResult::Threw => Err(PageActionError::Script(exception(&result))),
            _ => Err(shape::<CallOn<'_>>(&"expected an object").into()),
        }
    }

    /// Like [`Self::call`], without parsing the result.
    pub(super) async fn call_raw(
        &self,
        function: &'static str,
        args: &(impl Serialize + Sync),
        deadline: Instant,
    ) -> Result<Bytes, PageActionError> {
        match self.evaluate(function, args, true, deadline).await? {
            EvaluateResult::Value(value) => Ok(value),
            _ => Err(shape::<EvaluateIn<'_>>(&"the bridge's script returned no object").into()),
        }
    }

    /// Calls a function of the script without arguments in the present document, if the script has run there, ahead of every
    /// later call.
    pub(super) fn call_unawaited(&self, function: &'static str, limit: Duration) {
        let Some(context) = lock(&self.context).or(*lock(&self.created)) else {
            return;
        };
        let evaluate = EvaluateIn {
            expression: Cow::Owned(format!(
                "Object.hasOwn(globalThis, 'cdpBridge') && cdpBridge.{function}()"
            )),
            context_id: Some(context),
            return_by_value: true,
            await_promise: false,
            user_gesture: false,
            timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
        };
        send_unawaited(&self.session, &evaluate);
    }

    /// Gives up an action in the present document, ahead of every later call. Resolves to whether it has acted
    /// there, or may have.
    pub(super) fn give_up(
        &self,
        action: u64,
        limit: Duration,
    ) -> impl Future<Output = bool> + Send + use<> {
        let context = lock(&self.context).or(*lock(&self.created));
        let call = context.and_then(|context| {
            let expression = format!(
                "Object.hasOwn(globalThis, 'cdpBridge') && cdpBridge.giveUp({{\"action\": {action}}})"
            );
            let evaluate = EvaluateIn {
                expression: Cow::Owned(expression),
                context_id: Some(context),
                return_by_value: true,
                await_promise: false,
                user_gesture: false,
                timeout: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            };
            // Numbers and text always serialize.
            let params = to_raw_value(&evaluate).ok()?;
            let method = EvaluateIn::NAME.into();
            Some(self.session.start_raw_call(method, params, limit))
        });
        async move {
            // Nothing was called in a document that has no context.
            let Some(call) = call else { return false };
            match call.await.map(|result| evaluated(&result)) {
                Ok(Ok(EvaluateResult::Value(acted))) => &*acted != b"false",
                _ => true,
            }
        }
    }

    /// The remote object of an element that the script knows by number.
    pub(super) async fn handle(
        &self,
        number: u64,
        deadline: Instant,
    ) -> Result<ObjectHandle, PageActionError> {
        #[derive(Serialize)]
        struct Args {
            number: u64,
        }
        self.remote_object("held", &Args { number }, deadline).await
    }

    /// The frame's document.
    pub(super) async fn document(
        &self,
        deadline: Instant,
    ) -> Result<DocumentObjects, PageActionError> {
        let known = lock(&self.document).clone();
        if let Some((context, document)) = known
            && *lock(&self.context) == Some(context)
        {
            return Ok(document);
        }
        let isolated = self.remote_object("documentNode", &(), deadline).await?;
        let main = self.in_main_world(&isolated, deadline).await?;
        let document = DocumentObjects {
            isolated: Arc::new(isolated),
            main: main.map(Arc::new),
        };
        let context = *lock(&self.context);
        *lock(&self.document) = context.map(|context| (context, document.clone()));
        Ok(document)
    }

    /// A node of the isolated world as an object of the page's main world, if Chromium gives one. No script runs
    /// there.
    pub(super) async fn in_main_world(
        &self,
        node: &ObjectHandle,
        deadline: Instant,
    ) -> Result<Option<ObjectHandle>, PageActionError> {
        let describe = DescribeNode {
            object_id: node.id(),
        };
        let described = self.session.call(describe, remaining(deadline)).await?;
        let resolve = ResolveNode {
            backend_node_id: described.node.backend_node_id,
            execution_context_id: None,
        };
        let id = match self.session.call(resolve, remaining(deadline)).await {
            Ok(resolved) => resolved.object.object_id,
            Err(error) if error.is_refusal() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(id.map(|id| ObjectHandle::new(self.session.clone(), id.into())))
    }

    /// The execution context of the current document, if it has been created.
    pub(super) fn context(&self) -> Option<i64> {
        *lock(&self.context)
    }

    /// Calls a function of the script that returns an object.
    async fn remote_object(
        &self,
        function: &'static str,
        args: &(impl Serialize + Sync),
        deadline: Instant,
    ) -> Result<ObjectHandle, PageActionError> {
        match self.evaluate(function, args, false, deadline).await? {
            EvaluateResult::Handle(id) => Ok(ObjectHandle::new(self.session.clone(), id)),
            _ => Err(PageActionError::PageLeft),
        }
    }

    async fn evaluate(
        &self,
        function: &'static str,
        args: &(impl Serialize + Sync),
        by_value: bool,
        deadline: Instant,
    ) -> Result<EvaluateResult, PageActionError> {
        let json = serde_json::to_string(args).map_err(|error| shape::<EvaluateIn<'_>>(&error))?;
        let call = format!("cdpBridge.{function}({json})");
        loop {
            let left = remaining(deadline);
            let known = *lock(&self.context);
            let (context, expression) = if let Some(context) = known {
                (context, Cow::Borrowed(call.as_str()))
            } else {
                // A frame has no execution context while a navigation commits.
                let context = self.create(left).await.map_err(|error| {
                    if error.is_refusal() {
                        PageActionError::PageLeft
                    } else {
                        error.into()
                    }
                })?;
                *lock(&self.created) = Some(context);
                (context, Cow::Owned(format!("{SCRIPT}{call}")))
            };
            let evaluate = EvaluateIn {
                expression,
                context_id: Some(context),
                return_by_value: by_value,
                await_promise: true,
                user_gesture: true,
                timeout: u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1),
            };
            let result = match self.session.call_raw(evaluate, left).await {
                Ok(result) => result,
                // The document was replaced before the evaluation: nothing has run, so a retry is safe.
                Err(error) if error.is_context_unknown() => {
                    self.forget(context);
                    continue;
                }
                Err(error) if error.is_context_gone() => {
                    self.forget(context);
                    return Err(PageActionError::PageLeft);
                }
                Err(error) => return Err(error.into()),
            };
            let outcome = evaluated(&result)?;
            if outcome == EvaluateResult::Threw {
                self.forget(context);
                return Err(PageActionError::Script(exception(&result)));
            }
            *lock(&self.context) = Some(context);
            return Ok(outcome);
        }
    }

    async fn create(&self, left: Duration) -> Result<i64, CallError> {
        let create = CreateIsolatedWorld {
            frame_id: Cow::Borrowed(&self.frame),
            world_name: NAME,
        };
        let context = self.session.call(create, left).await?.execution_context_id;
        let binding = AddBinding {
            name: COPIED_BINDING,
            execution_context_id: context,
        };
        // Queued before the script that uses it. Without it, only copies by key are noticed.
        tokio::spawn(self.session.start_call(&binding, left).map(drop));
        Ok(context)
    }

    /// Runs the script in the current document, if it has not run there yet.
    pub(super) async fn load_script(&self, deadline: Instant) -> Result<(), PageActionError> {
        #[derive(serde::Deserialize)]
        struct Listening {}
        if lock(&self.context).is_none() {
            let Listening {} = self.call("listenForCopies", &(), deadline).await?;
        }
        Ok(())
    }

    fn forget(&self, gone: i64) {
        lock(&self.context).take_if(|context| *context == gone);
    }
}

pub(super) fn parse<R: DeserializeOwned>(result: &Bytes) -> Result<R, PageActionError> {
    json::parse(result).map_err(|error| shape::<EvaluateIn<'_>>(&error).into())
}
