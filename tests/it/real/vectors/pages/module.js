// A worker that is a module.
each({ import: () => import(at("worker-module")) }).then(() => postMessage("done"));
