// What is done with the parts of each library, and what its page says afterwards.
//
// `neither` says why it can be done by none of the contenders; `playwrightNot`, why Playwright cannot.

const INTERNALS = "its role is set with ElementInternals, which only Chromium's accessibility tree knows";

const log = "judge.log.at(-1)";

// What is the same with all three: [what, steps, expression, value].
const common = [
  ["a button is clicked by role", [["click", 'role=button[name="Send form"]']], log, "send"],
  ["a button is clicked by text", [["click", 'text="Send form"']], log, "send"],
  ["a button is clicked by its reference", [["clickRef", "button", "Send form"]], log, "send"],
  ["a button is clicked by id", [["click", "#send"]], log, "send"],
  ["a field is filled by label", [["fill", "label=Name", "Ada"], ["reads", "label=Name", "value", "Ada"]], "judge.value('name')", "Ada"],
  ["a field is filled by role", [["fill", 'role=textbox[name="Name"]', "Ada"]], "judge.value('name')", "Ada"],
  ["a field is filled twice, and emptied", [["fill", "label=Name", "Ada"], ["fill", "label=Name", "Grace"], ["fill", "label=Name", ""]], "judge.value('name')", ""],
  ["a field is typed into", [["type", "label=Name", "Ada"], ["press", "label=Name", "Backspace"]], "judge.value('name')", "Ad"],
  ["a field tells its change", [["fill", "label=Name", "Ada"], ["press", "label=Name", "Tab"]], "judge.log.includes('changed name')", true],
  ["a text area is filled", [["fill", "label=Note", "one\ntwo"], ["reads", "label=Note", "value", "one\ntwo"]], "judge.value('note')", "one\ntwo"],
  ["a checkbox is checked by role", [["check", 'role=checkbox[name="Agree"]', true], ["reads", 'role=checkbox[name="Agree"]', "checked", true]], "judge.checked('agree')", true],
  ["a checkbox is checked and unchecked", [["check", 'role=checkbox[name="Agree"]', true], ["check", 'role=checkbox[name="Agree"]', false]], "judge.checked('agree')", false],
  ["a checkbox is clicked by text", [["click", 'text="Agree"']], "judge.checked('agree')", true],
  ["a checkbox is clicked by its reference", [["clickRef", "checkbox", "Agree"]], "judge.checked('agree')", true],
  ["a checkbox is shown as checked", [["check", 'role=checkbox[name="Agree"]', true], ["shows", '- checkbox "Agree" [checked]']], "judge.checked('agree')", true],
  ["a switch is set by role", [["check", 'role=switch[name="Loud"]', true], ["shows", '- switch "Loud" [checked]']], "judge.checked('loud')", true],
  ["a switch is set back", [["check", 'role=switch[name="Loud"]', true], ["check", 'role=switch[name="Loud"]', false]], "judge.checked('loud')", false],
  ["a switch is clicked by its reference", [["clickRef", "switch", "Loud"]], "judge.checked('loud')", true],
  ["a radio button is checked", [["check", 'role=radio[name="Large"]', true], ["shows", '- radio "Large" [checked]']], "judge.checked('large') ?? judge.value('size')", true],
  ["a tab is chosen", [["click", 'role=tab[name="Two"]'], ["shows", '- tab "Two" [selected]']], null, null],
  ["a slider is moved by keys", [["press", 'role=slider[name="Volume"]', "Home"], ["press", 'role=slider[name="Volume"]', "ArrowRight"]], "judge.value('volume')", 1],
  ["the text is read", [["contains", "Name"], ["contains", "Agree"]], null, null],
];

const withRest = (changes, rest) => [...common.filter(([what]) => !(what in changes)), ...Object.entries(changes).flatMap(([what, now]) => (now ? [[what, ...now]] : [])), ...rest];

export const components = {
  shoelace: withRest(
    { "a radio button is checked": [[["check", 'role=radio[name="Large"]', true], ["shows", '- radio "Large" [checked]']], "judge.value('size')", "l"] },
    [
      ["a host is filled", [["fill", "#name", "Ada"]], "judge.value('name')", "Ada", { playwrightNot: "it takes the host for no field" }],
      ["a host is checked", [["check", "#agree", true]], "judge.checked('agree')", true, { playwrightNot: "it takes the host for no checkbox" }],
      ["an option is chosen", [["click", 'role=combobox[name="Fruit"]'], ["click", 'role=option[name="Pear"]'], ["reads", 'role=combobox[name="Fruit"]', "value", "Pear"]], "judge.value('fruit')", "pear"],
      ["an option is chosen by its reference", [["clickRef", "combobox", "Fruit"], ["clickRef", "option", "Pear"]], "judge.value('fruit')", "pear"],
      ["an item of a menu is chosen", [["click", 'role=button[name="Menu"]'], ["click", 'role=menuitem[name="Paste"]']], log, "sl-select paste"],
      ["a password is shown", [["fill", 'role=textbox[name="Password"]', "secret"], ["click", 'role=button[name="Show password"]']], "judge.value('word')", "secret"],
      ["details are opened", [["click", 'text="More"'], ["sees", 'text="Hidden detail"']], "judge.open('more')", true],
      ["a dialog is opened and closed", [["click", 'role=button[name="Ask"]'], ["shows", '- dialog "Sure?"'], ["click", 'role=button[name="Yes"]'], ["becomes", "judge.log.at(-1) === 'sl-after-hide dialog'"]], "judge.open('dialog')", false],
      ["a dialog is closed by its own button", [["click", 'role=button[name="Ask"]'], ["click", 'role=button[name="Close"]'], ["becomes", "judge.log.at(-1) === 'sl-after-hide dialog'"]], "judge.open('dialog')", false],
    ],
  ),
  material: withRest(
    {
      // Labels around them are not the labels of the fields in their shadow roots.
      "a checkbox is checked by role": [[["check", "label=Agree", true]], "judge.checked('agree')", true],
      "a checkbox is checked and unchecked": [[["check", "label=Agree", true], ["check", "label=Agree", false]], "judge.checked('agree')", false],
      "a checkbox is shown as checked": [[["check", "label=Agree", true], ["shows", "- checkbox [checked]"]], "judge.checked('agree')", true],
      "a checkbox is clicked by its reference": [[["clickRef", "checkbox", "Agree"]], "judge.checked('agree')", true, { neither: "Chromium gives it no name either" }],
      "a switch is set by role": [[["check", 'text="Loud"', true], ["shows", "- switch [checked]"]], "judge.checked('loud')", true],
      "a switch is set back": [[["check", "#loud", true], ["check", "#loud", false]], "judge.checked('loud')", false],
      "a switch is clicked by its reference": [[["clickRef", "switch", "Loud"]], "judge.checked('loud')", true, { neither: "Chromium gives it no name either" }],
      "a radio button is checked": [[["check", 'role=radio[name="Large"]', true]], "judge.checked('large')", true, { neither: INTERNALS }],
      "a tab is chosen": [[["click", 'role=tab[name="Two"]']], "judge.tab()", 1, { neither: INTERNALS }],
    },
    [
      ["a radio button is clicked by text", [["click", 'text="Large"']], "judge.checked('large')", true],
      ["a tab is chosen by text", [["click", 'text="Two"']], "judge.tab()", 1],
      ["a button with an icon is clicked", [["click", 'role=button[name="Star"]']], log, "star"],
      ["a chip is chosen", [["click", 'role=button[name="Only new"]']], "judge.checked('chip')", true],
      ["an option is chosen", [["click", 'role=combobox[name="Fruit"]'], ["click", 'role=option[name="Pear"]']], "judge.value('fruit')", "pear"],
      ["an option is chosen by its reference", [["clickRef", "combobox", "Fruit"], ["clickRef", "option", "Pear"]], "judge.value('fruit')", "pear"],
      ["an item of a menu is chosen", [["click", 'role=button[name="Menu"]'], ["click", 'role=menuitem[name="Paste"]']], log, "paste"],
      ["a dialog is opened and closed", [["click", 'role=button[name="Ask"]'], ["click", 'role=button[name="Yes"]'], ["becomes", "judge.log.at(-1) === 'closed yes'"]], "judge.open('dialog')", false],
    ],
  ),
  ionic: withRest(
    { "a radio button is checked": [[["check", 'role=radio[name="Large"]', true], ["shows", '- radio "Large" [checked]']], "judge.value('size')", "l"] },
    [
      ["a searchbar is filled", [["fill", 'role=searchbox', "word"]], "judge.value('find')", "word"],
      ["a host is filled", [["fill", "#name", "Ada"]], "judge.value('name')", "Ada", { playwrightNot: "it takes the host for no field" }],
      ["an option of a popover is chosen", [["click", "#fruit"], ["click", 'role=radio[name="Pear"]'], ["becomes", "judge.value('fruit') === 'pear'"]], "judge.value('fruit')", "pear"],
      ["an option of an alert is chosen", [["click", "#nut"], ["click", 'role=radio[name="Walnut"]'], ["click", 'role=button[name="OK"]'], ["becomes", "judge.value('nut') === 'walnut'"]], "judge.value('nut')", "walnut"],
      ["a modal is opened and closed", [["click", 'role=button[name="Ask"]'], ["click", 'role=button[name="Yes"]'], ["becomes", "judge.log.at(-1) === 'dismissed'"]], null, null],
    ],
  ),
};
