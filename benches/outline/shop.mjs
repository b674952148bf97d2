// A shop: 60 products that can be put into a cart, 70 links, a table of 50 rows, and a copy of the products that
// is not displayed, as pages have it that are rendered for several screens.

const KINDS = ["Trail jacket", "Wool sweater", "Rain coat", "Canvas shoes", "Leather belt", "Linen shirt"];
const COLOURS = ["green", "navy", "sand", "black", "rust"];

const product = (number) => {
  const name = `${KINDS[number % KINDS.length]} ${number}`;
  const price = 19 + ((number * 7) % 80);
  return `<article class="card" data-id="${number}">
<a class="picture" href="/products/${number}"><img src="/pictures/${number}.svg" alt="${name}" width="160" height="120"></a>
<h3><a href="/products/${number}">${name}</a></h3>
<p class="about">${COLOURS[number % COLOURS.length]}, for every day and every weather, number ${number} of the season, which is made to last</p>
<div class="price"><s>$${price + 20}.00</s> <strong>$${price}.00</strong></div>
<div class="stars" role="img" aria-label="${(number % 3) + 3} of 5 stars">★★★★</div>
<button class="add" type="button" data-id="${number}">Add to cart</button><button>Compare</button>
</article>`;
};

const PRODUCTS = Array.from({ length: 60 }, (_, at) => product(at + 1)).join("\n");

const links = (from, to, what) =>
  Array.from({ length: to - from }, (_, at) => `<li><a href="/${what.toLowerCase()}/${from + at}">${what} ${from + at}</a></li>`).join("\n");

const ROWS = Array.from({ length: 50 }, (_, at) => {
  const cells = [`Order ${1000 + at}`, `2026-0${(at % 9) + 1}-1${at % 10}`, `Customer ${at}, ${["Oslo", "Rome", "Lima"][at % 3]}`, ["paid", "sent", "open"][at % 3], `$${(at * 13) % 400}.00`];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}).join("\n");

export const SHOP = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<style>.wide { display: none } .card { display: inline-block; width: 200px } .stars { color: #b80 }</style></head><body>
<header><a href="/">The shop</a> <form role="search"><input type="search" aria-label="Search products"><button>Search</button></form>
<span id="cart">Cart: 0</span></header>
<nav aria-label="Categories"><ul>${links(1, 41, "Category")}</ul></nav>
<main><h1>Products</h1><section id="products" aria-label="Products">${PRODUCTS}</section>
<section class="wide">${PRODUCTS}</section>
<h2>Orders</h2><table aria-label="Orders"><thead><tr><th>Order</th><th>Date</th><th>Customer</th><th>State</th><th>Sum</th></tr></thead>
<tbody>${ROWS}</tbody></table></main>
<footer><ul>${links(41, 70, "Help")}</ul><p>© The shop</p></footer>
<script>
let cart = 0;
for (const button of document.querySelectorAll(".add")) {
  button.addEventListener("click", () => { cart += 1; document.getElementById("cart").textContent = "Cart: " + cart; });
}
</script></body></html>`;
