// Resolves once the title of the document is not the known one. A form or an image may hide members of the
// document, so that they are read through the prototype.
(known) => {
  const MAX_CHARS = 4096;
  const read = (name) => Object.getOwnPropertyDescriptor(Document.prototype, name).get.call(document);
  return new Promise((resolve) => {
    const observer = new MutationObserver(() => check());
    const check = () => {
      observer.disconnect();
      const title = read('title').slice(0, MAX_CHARS);
      if (title !== known) return resolve({ title });
      for (const around of [document, read('documentElement'), read('head')]) {
        if (around) observer.observe(around, { childList: true });
      }
      const element = Document.prototype.querySelector.call(document, 'title');
      if (element) observer.observe(element, { childList: true, characterData: true, subtree: true });
    };
    check();
  });
}
