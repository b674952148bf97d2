// Runs in the served pages before their own scripts: notes what listens to the mouse.
(() => {
  const TYPES = ["click", "dblclick", "mousedown", "mouseup", "pointerdown", "pointerup", "touchstart", "touchend"];
  const listeners = new WeakMap();
  const of = (element) => listeners.get(element) ?? listeners.set(element, new Map()).get(element);

  globalThis.listensToMouse = (element) => (listeners.get(element)?.size ?? 0) > 0 || TYPES.some((type) => element.hasAttribute(`on${type}`));

  const { addEventListener, removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
    if (TYPES.includes(type) && listener && this instanceof Element) of(this).set(listener, type);
    return addEventListener.call(this, type, listener, ...rest);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
    if (this instanceof Element && of(this).get(listener) === type) of(this).delete(listener);
    return removeEventListener.call(this, type, listener, ...rest);
  };
  for (const prototype of [HTMLElement.prototype, SVGElement.prototype]) {
    for (const type of TYPES) {
      const property = Object.getOwnPropertyDescriptor(prototype, `on${type}`);
      if (!property?.set) continue;
      const set = function (listener) {
        if (listener) of(this).set(`on${type}`, type);
        else of(this).delete(`on${type}`);
        property.set.call(this, listener);
      };
      Object.defineProperty(prototype, `on${type}`, { ...property, set });
    }
  }
})();
