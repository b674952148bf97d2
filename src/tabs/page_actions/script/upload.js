// Files for file inputs.

const upload = ({ files, ...call }) =>
  whenActionable({ ...call, needs: {} }, (found) => {
    const element = labelledField(found);
    if (localNameOf(element) !== 'input' || typeOf(element) !== 'file') return unsuitable(element, 'it is not an <input type=file>');
    if (files.length > 1 && !element.multiple) return unsuitable(element, 'it accepts only one file');
    if (isDisabled(element)) return { reason: 'disabled' };
    const transfer = new DataTransfer();
    for (const { name, mime, data } of files) {
      const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mime ?? '' }));
    }
    element.files = transfer.files;
    fire(element, 'input');
    fire(element, 'change');
    return {};
  });
