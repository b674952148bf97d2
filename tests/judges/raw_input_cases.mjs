// Pages that are operated by single events of mouse and keyboard, and what is done there.

const move = (x, y, steps) => ["mouse", "move", { x, y, steps }];
const down = (button, clickCount) => ["mouse", "down", { button, clickCount }];
const up = (button, clickCount) => ["mouse", "up", { button, clickCount }];
const wheel = (deltaX, deltaY) => ["mouse", "wheel", { deltaX, deltaY }];
const key = (action, name) => ["keyboard", action, name];

// A stroke of a pen through points.
const stroke = ([first, ...rest]) => [move(...first), down(), ...rest.map((point) => move(...point, 3)), up()];

const canvas = (handlers) => `<canvas id=c width=400 height=300></canvas><script>
const pen = c.getContext('2d');
${handlers}
</script>`;

export const cases = [
  {
    name: "canvas",
    page: canvas(`let drawing = false;
      c.onmousedown = (event) => { drawing = true; pen.beginPath(); pen.moveTo(event.offsetX, event.offsetY); };
      c.onmousemove = (event) => { if (drawing) { pen.lineTo(event.offsetX, event.offsetY); pen.stroke(); } };
      onmouseup = () => { drawing = false; };`),
    events: [
      ...stroke([[50, 50], [150, 80], [120, 200], [300, 40]]),
      ...stroke([[10, 290], [390, 10]]),
    ],
    state: "c.toDataURL()",
  },
  {
    name: "signature",
    page: canvas(`c.style.touchAction = 'none';
      c.onpointerdown = (event) => { c.setPointerCapture(event.pointerId); pen.beginPath(); };
      c.onpointermove = (event) => { if (event.pressure) { pen.lineWidth = 4 * event.pressure; pen.lineTo(event.offsetX, event.offsetY); pen.stroke(); } };`),
    events: [
      ...stroke([[40, 150], [60, 100], [80, 160], [100, 110], [120, 155], [140, 140]]),
      // It goes on outside of the canvas, which has captured the pointer.
      ...stroke([[200, 120], [260, 180], [450, 150], [210, 130]]),
    ],
    state: "c.toDataURL()",
  },
  {
    name: "map",
    page: `<div id=map style="width:400px;height:300px;overflow:hidden;position:relative"><div id=tiles style="position:absolute;width:2000px;height:2000px;background:repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 0/100px 100px"></div></div><script>
      let from = null, at = [0, 0];
      map.onpointerdown = (event) => { from = [event.clientX - at[0], event.clientY - at[1]]; };
      onpointermove = (event) => { if (from) { at = [event.clientX - from[0], event.clientY - from[1]]; tiles.style.transform = 'translate(' + at.join('px,') + 'px)'; } };
      onpointerup = () => { from = null; };
      map.onwheel = (event) => { tiles.style.zoom = event.deltaY < 0 ? 2 : 0.5; };</script>`,
    events: [move(200, 150), down(), move(100, 100, 5), move(60, 140, 2), up(), move(300, 200), wheel(0, -120), wheel(10, 240)],
    state: "[at, tiles.style.transform, tiles.style.zoom]",
    settled: "tiles.style.zoom === '0.5'",
  },
  {
    name: "slider",
    page: `<input id=range type=range min=0 max=100 value=0 style="position:absolute;left:0;top:20px;width:300px;margin:0">`,
    events: [move(8, 28), down(), move(150, 28, 10), move(240, 60, 3), up()],
    state: "range.value",
  },
  {
    name: "buttons",
    page: `<div id=area style="width:300px;height:200px"></div>`,
    events: [
      move(10.5, 20.25), down("left"), down("right"), move(20, 30), up("left"), move(30, 40), up("right"), down("middle"), up("middle"),
      down("left", 1), up("left", 1), down("left", 2), up("left", 2), down("left", 3), up("left", 3),
    ],
    state: "null",
  },
  {
    name: "modifiers",
    page: `<div id=area style="width:300px;height:200px"></div><input id=field>`,
    events: [
      move(20, 20), key("down", "Shift"), down(), up(), key("down", "Control"), move(40, 40), down(), up(), key("up", "Shift"), down(), up(),
      key("up", "Control"), ["click", "#field"], key("down", "Shift"), key("down", "a"), key("down", "a"), key("up", "a"), ["pressKey", "KeyB"], ["pressKey", "b"], ["pressKey", "Digit2"],
      ["pressKey", "1"], key("up", "Shift"), ["pressKey", "c"], key("insertText", "dé日"), key("down", "Alt"), ["pressKey", "e"], key("up", "Alt"),
    ],
    state: "field.value",
  },
  {
    name: "selection",
    page: `<p id=text style="font:20px monospace;margin:0;width:400px">words that are selected by the mouse</p>`,
    events: [move(2, 10), down(), move(200, 10, 8), up(), move(260, 10), key("down", "Shift"), down(), up(), key("up", "Shift")],
    state: "getSelection().toString()",
  },
  {
    name: "drag",
    page: `<div id=item draggable=true style="position:absolute;left:0;top:0;width:80px;height:40px;background:#fcc">item</div>
      <div id=target style="position:absolute;left:200px;top:0;width:120px;height:120px;background:#cfc"></div><script>
      item.ondragstart = (event) => event.dataTransfer.setData('text/plain', 'the item');
      target.ondragover = target.ondragenter = (event) => event.preventDefault();
      target.ondrop = (event) => { event.preventDefault(); target.textContent = event.dataTransfer.getData('text/plain'); };</script>`,
    events: [move(20, 20), down(), move(60, 30, 4), move(240, 40, 5), move(250, 60), up(), move(10, 200), down(), move(30, 220, 2), up()],
    state: "target.textContent",
  },
  {
    name: "cancelled",
    page: `<a id=link href="#there" style="position:absolute;left:0;top:0;width:80px;height:40px">link</a>
      <div id=target style="position:absolute;left:200px;top:0;width:120px;height:120px"></div><script>
      target.ondragover = target.ondragenter = (event) => event.preventDefault();
      target.ondrop = (event) => { event.preventDefault(); target.textContent = 'dropped'; };</script>`,
    events: [move(20, 20), down(), move(90, 30, 5), move(240, 40, 2), ["pressKey", "Escape"], up(), move(20, 60), down(), up()],
    state: "target.textContent",
  },
];
