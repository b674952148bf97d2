// Files for file inputs.

const bytesOfBase64 = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

// The parts of the files of one upload that come before the call that hands them to the page, as they are too
// large for it. Blobs are kept by the browser process, on its disk where they are many.
let partsOfUpload = { upload: null, files: [] };

// Keeps the part with this index of the file with that number.
const keepPart = ({ upload, file, index, data }) => {
  if (partsOfUpload.upload !== upload) partsOfUpload = { upload, files: [] };
  const parts = (partsOfUpload.files[file] ??= []);
  // This document is another one than that of the parts before.
  if (parts.length !== index) return { lost: true };
  parts.push(new Blob([bytesOfBase64(data)]));
  return {};
};

const dropParts = () => {
  partsOfUpload = { upload: null, files: [] };
  return {};
};

// Whether this element does not take so many files, and why.
const uploadProblem = (element, count) => {
  const no = (because) => ({ reason: 'unsuitable', because, element: describe(element) });
  if (localNameOf(element) !== 'input' || typeOf(element) !== 'file') return no('it is not an <input type=file>');
  if (count > 1 && !element.multiple) return no('it accepts only one file');
  if (isDisabled(element)) return { reason: 'disabled', element: describe(element) };
  return null;
};

// Sets the files of a file input, or returns why not. A file has either `data` or, in `keepPart`, so many parts.
const setFiles = (element, { files, upload }) => {
  const problem = uploadProblem(element, files.length);
  if (problem) return problem;
  const kept = partsOfUpload.upload === upload ? partsOfUpload.files : [];
  if (files.some(({ parts }, number) => parts && kept[number]?.length !== parts)) return { lost: true };
  const transfer = new DataTransfer();
  files.forEach(({ name, mime, parts, data }, number) => {
    const content = parts ? kept[number] : [bytesOfBase64(data)];
    transfer.items.add(new File(content, name, { type: mime ?? '' }));
  });
  dropParts();
  element.files = transfer.files;
  fire(element, 'input');
  fire(element, 'change');
  return null;
};

const uploadFailure = (problem) => {
  if (!problem) return {};
  if (problem.lost || problem.reason === 'disabled') return problem;
  return { fail: 'notActionable', ...problem };
};

// Waits for the element of an upload, before its files are sent.
const uploadTarget = ({ count, ...call }) =>
  whenActionable({ ...call, needs: {} }, (found) => uploadFailure(uploadProblem(labelledField(found), count)));

const upload = ({ files, upload, ...call }) =>
  whenActionable({ ...call, needs: {}, acts: true }, (found) => uploadFailure(setFiles(labelledField(found), { files, upload })));
