// Dates, times, and flights on a date.

// In a calendar of jQuery UI, from whatever month it shows.
async function pickDate(page, field, date) {
  const [month, day, year] = date.split("/").map(Number);
  await page.click(field);
  await page.until(() => document.getElementById("ui-datepicker-div").checkVisibility());
  for (;;) {
    const shown = await page.read(() => {
      const [name, year] = ["month", "year"].map((part) => document.querySelector(`.ui-datepicker-${part}`).textContent);
      return new Date(`${name} 1, ${year}`).getMonth() + 1 + 12 * year;
    });
    const ahead = month + 12 * year - shown;
    if (ahead === 0) break;
    await page.click(ahead < 0 ? ".ui-datepicker-prev" : ".ui-datepicker-next");
  }
  await page.clickText(".ui-datepicker-calendar a", String(day));
}

async function chooseDate(page) {
  await pickDate(page, "#datepicker", /Select (\S+) as/.exec(page.task)[1]);
  await page.submit();
}

async function enterDate(page) {
  const [, month, day, year] = /(\d+)\/(\d+)\/(\d+)/.exec(page.task);
  await page.fill("#tt", `${year}-${month}-${day}`);
  await page.submit();
}

async function enterTime(page) {
  const [, hour, minute, half] = /(\d+):(\d+) ([AP])M/.exec(page.task);
  await page.fill("#tt", `${String((hour % 12) + (half === "P" ? 12 : 0)).padStart(2, "0")}:${minute}`);
  await page.submit();
}

async function bookFlight(page) {
  const [, wish, from, to, date] = /Book the (\w+) one-way flight from: (.*) to: (.*) on (\S+?)\.$/.exec(page.task);
  for (const [field, place] of [["#flight-from", from], ["#flight-to", to]]) {
    const airport = await page.read((place) => DOMESTIC_FLIGHTS.find((it) => it.includes(place)), place);
    await page.type(airport, field);
    // Each field has a list of its own.
    const list = await page.until((airport) => {
      const lists = [...document.querySelectorAll(".ui-autocomplete")];
      return lists.findIndex((list) => list.checkVisibility() && list.children.length === 1 && list.textContent === airport) + 1;
    }, airport);
    await page.click(`.ui-autocomplete >> nth=${list - 1} >> .ui-menu-item`);
    // A moment after that, the list gives the keyboard back to its field.
    await page.until((field) => !$(field).autocomplete("instance").cancelBlur, field);
  }
  await pickDate(page, "#datepicker", date);
  await page.click("#search");
  const index = await page.until((attribute) => {
    const values = [...document.querySelectorAll(`[${attribute}]`)].map((it) => Number(it.getAttribute(attribute)));
    return values.indexOf(Math.min(...values)) + 1;
  }, wish === "cheapest" ? "data-price" : "data-duration");
  await page.click(`.flight-price >> nth=${index - 1}`);
}

export const dates = {
  "book-flight": bookFlight,
  "book-flight-nodelay": bookFlight,
  "choose-date": chooseDate,
  "choose-date-easy": chooseDate,
  "choose-date-medium": chooseDate,
  "choose-date-nodelay": chooseDate,
  "enter-date": enterDate,
  "enter-time": enterTime,
};
