// Files for file inputs.

// Sets the files of a file input, or returns why not.
const setFiles = (element, files) => {
  const no = (because) => ({ reason: 'unsuitable', because, element: describe(element) });
  if (localNameOf(element) !== 'input' || typeOf(element) !== 'file') return no('it is not an <input type=file>');
  if (files.length > 1 && !element.multiple) return no('it accepts only one file');
  if (isDisabled(element)) return { reason: 'disabled', element: describe(element) };
  const transfer = new DataTransfer();
  for (const { name, mime, data } of files) {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: mime ?? '' }));
  }
  element.files = transfer.files;
  fire(element, 'input');
  fire(element, 'change');
  return null;
};

const upload = ({ files, ...call }) =>
  whenActionable({ ...call, needs: {}, acts: true }, (found) => {
    const refused = setFiles(labelledField(found), files);
    if (!refused) return {};
    return refused.reason === 'disabled' ? { reason: 'disabled' } : { fail: 'notActionable', ...refused };
  });
