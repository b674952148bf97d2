// E-mails and posts.

// Some tasks tell in fields what the others say in words.
function wanted({ task, fields }) {
  if (fields.by) return { ...fields, what: fields.task ?? "forward" };
  const [, by] = /email by (.*?) and/.exec(task);
  const [, message] = /with the text "(.*)"/.exec(task) ?? [];
  const [, to] = /forward that email to (.*)\.$/.exec(task) ?? [];
  return { by, message, to, what: message ? "reply" : to ? "forward" : task.includes("trash") ? "delete" : "star" };
}

async function mail(page) {
  const { by, message, to, what } = wanted(page);
  const index = await page.read((by) => [...document.querySelectorAll("#main .email-sender")].findIndex((it) => it.textContent === by), by);
  const thread = `#main .email-thread >> nth=${index}`;
  if (what === "star") return page.click(`${thread} >> .star`);
  if (what === "delete") return page.click(`${thread} >> .trash`);
  await page.click(`${thread} >> .email-sender`);
  if (what === "reply") {
    await page.click("#email .email-reply");
    await page.fill("#reply-text", message);
    return page.click("#send-reply");
  }
  await page.click("#email .email-forward");
  await page.fill("#forward .forward-sender", to);
  return page.click("#send-forward");
}

const postsBy = (page, user) => page.read((user) => [...document.querySelectorAll(".media .username")].flatMap((it, index) => (it.textContent === user ? [index] : [])), user);

async function post(page) {
  const [, user, label] = /user (\S+), click on the "(.*)" button/.exec(page.task);
  const [index] = await postsBy(page, user);
  const what = await page.read((label) => Object.keys(ACTIONS).find((key) => ACTIONS[key] === label), label);
  const one = `.media >> nth=${index}`;
  if (!["reply", "retweet", "like"].includes(what)) await page.click(`${one} >> .more`);
  await page.click(`${one} >> .${what}`);
}

async function posts(page) {
  const [, label, count, user] = /Click the "(\w+)" button on (\d+|all) posts? by (\S+) and/.exec(page.task);
  const all = await postsBy(page, user);
  for (const index of count === "all" ? all : all.slice(0, Number(count))) await page.click(`.media >> nth=${index} >> .${label.toLowerCase()}`);
  await page.submit("#submitRow button");
}

export const postsAndMails = {
  "email-inbox": mail,
  "email-inbox-delete": mail,
  "email-inbox-forward": mail,
  "email-inbox-forward-nl": mail,
  "email-inbox-forward-nl-turk": mail,
  "email-inbox-important": mail,
  "email-inbox-nl-turk": mail,
  "email-inbox-noscroll": mail,
  "email-inbox-reply": mail,
  "email-inbox-star-reply": mail,
  "social-media": post,
  "social-media-all": posts,
  "social-media-some": posts,
};
