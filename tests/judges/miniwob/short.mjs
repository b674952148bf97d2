// The tasks that the tests play: each kind of request once, and nothing that depends on time.

export const short = [
  "choose-date-nodelay",
  "click-checkboxes-large",
  "click-menu-2",
  "copy-paste-2",
  "drag-items-grid",
  "email-inbox-nl-turk",
  "enter-time",
  "form-sequence",
  "multi-layouts",
  "scroll-text-2",
];
