// Both ends of WebSocket connections, of npm's ws, with the proxy between them: ws_ends.js JSON
// {ways: {name: base}, upstreams: {plain, tls, unix}, cert, key, caddyfile, delay_ms, reload, in_flight, pid or admin}
// Prints a line for each test: "passed NAME", or "FAILED NAME: why".
'use strict';
const assert = require('assert'), crypto = require('crypto'), fs = require('fs'), http = require('http');
const https = require('https'), WebSocket = require('ws');
const given = JSON.parse(process.argv[2]);
const tls = { cert: fs.readFileSync(given.cert), key: fs.readFileSync(given.key) };
const SECONDS = 30;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const bytes = (size) => crypto.randomBytes(size);

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} does not come`)), SECONDS * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// what becomes true, looked at again and again
async function until(condition, what) {
  const limit = Date.now() + SECONDS * 1000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`${what} does not come`);
    await sleep(10);
  }
}

// --- the upstream ---------------------------------------------------------------------------------

const sessions = new Map(); // by the id of the client's target: the upstream's socket

const upstream = new WebSocket.Server({
  noServer: true,
  maxPayload: 64 << 20,
  perMessageDeflate: { threshold: 0 },
  handleProtocols: (offered) => (offered.has('two') ? 'two' : false),
});

const behaviours = {
  '/echo': (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })),
  '/quiet': () => {},
  '/fragments': async (ws) => {
    for (let i = 0; i < 100; i++) ws.send(`${i},`, { fin: i === 99 });
  },
};

function listen(server, where) {
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/refused') {
      socket.end('HTTP/1.1 401 Unauthorized\r\nX-Why: no ticket\r\nContent-Length: 4\r\n\r\nnope');
      return;
    }
    upstream.handleUpgrade(request, socket, head, (ws) => {
      ws.ended = new Promise((resolve) => ws.on('close', (code, reason) => resolve(`${code} ${reason}`)));
      ws.on('error', () => {});
      ws.headers = request.headers;
      sessions.set(url.searchParams.get('id'), ws);
      (behaviours[url.pathname] || behaviours['/quiet'])(ws);
    });
  });
  return new Promise((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(where, '127.0.0.1', resolve);
  });
}

// --- the client -----------------------------------------------------------------------------------

let numbers = 0;

// an open connection, its messages and its end; `.other` is the upstream's side
async function open(base, path, protocols, options) {
  const id = String(numbers++);
  const ws = new WebSocket(`${base}${path}?id=${id}`, protocols || [], {
    ca: tls.cert, servername: 'localhost', perMessageDeflate: { threshold: 0 }, maxPayload: 64 << 20, ...options,
  });
  ws.got = [];
  ws.on('message', (data, isBinary) => ws.got.push(isBinary ? data : data.toString()));
  ws.ended = new Promise((resolve) => ws.on('close', (code, reason) => resolve(`${code} ${reason}`)));
  await within(new Promise((resolve, reject) => { ws.on('open', resolve); ws.on('error', reject); }), 'a connection');
  ws.on('error', () => {});
  await until(() => sessions.has(id), 'the upstream’s side');
  ws.other = sessions.get(id);
  return ws;
}

async function message(ws) {
  await until(() => ws.got.length > 0, 'a message');
  return ws.got.shift();
}

async function end(ws) {
  ws.close(1000);
  await within(ws.ended, 'the end');
}

// --- the tests, each by every way -------------------------------------------------------------------

const tests = {
  async 'messages of all sizes'(base) {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const ws = await open(base, '/echo', [], { perMessageDeflate });
      for (const size of [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]) {
        for (const sent of [bytes(size), 'ü'.repeat(size)]) {
          ws.send(sent);
          const got = await message(ws);
          assert.strictEqual(typeof got, typeof sent);
          assert.ok(typeof sent === 'string' ? got === sent : got.equals(sent), `another message of ${size}`);
        }
      }
      await end(ws);
    }
  },

  async '16 MiB in one frame'(base) {
    const ws = await open(base, '/echo', [], { perMessageDeflate: false });
    const sent = bytes(16 << 20);
    ws.send(sent);
    assert.ok((await message(ws)).equals(sent));
    await end(ws);
  },

  async 'fragments, and control frames between them'(base) {
    for (const perMessageDeflate of [false, { threshold: 0 }]) {
      const ws = await open(base, '/echo', [], { perMessageDeflate });
      const pings = [];
      ws.other.on('ping', (data) => pings.push(data.toString()));
      for (let i = 0; i < 50; i++) {
        ws.send(`piece ${i}, `, { fin: i === 49 });
        if (i % 10 === 0) ws.ping(`between ${i}`);
      }
      assert.strictEqual(await message(ws), Array.from({ length: 50 }, (_, i) => `piece ${i}, `).join(''));
      assert.deepStrictEqual(pings, [0, 10, 20, 30, 40].map((i) => `between ${i}`));
      await end(ws);
    }
    const ws = await open(base, '/fragments');
    assert.strictEqual(await message(ws), Array.from({ length: 100 }, (_, i) => `${i},`).join(''));
    await end(ws);
  },

  async 'pings and pongs, either way'(base) {
    const ws = await open(base, '/quiet');
    for (const [from, what] of [[ws, 'of the client'], [ws.other, 'of the upstream']]) {
      for (const data of ['', what, 'x'.repeat(125)]) {
        const pong = new Promise((resolve) => from.once('pong', resolve));
        from.ping(data);
        assert.strictEqual((await within(pong, 'a pong')).toString(), data);
      }
      const heard = new Promise((resolve) => (from === ws ? ws.other : ws).once('pong', resolve));
      from.pong('unasked');
      assert.strictEqual((await within(heard, 'a pong that nobody asked for')).toString(), 'unasked');
    }
    await end(ws);
  },

  async 'extensions and protocols are agreed on by the ends'(base) {
    const without = await open(base, '/quiet', [], { perMessageDeflate: false });
    assert.strictEqual(without.extensions, '');
    assert.strictEqual(without.other.extensions, '');
    await end(without);
    const ws = await open(base, '/echo', ['one', 'two'], { perMessageDeflate: { threshold: 0, clientMaxWindowBits: 10,
      serverNoContextTakeover: true } });
    assert.strictEqual(ws.extensions, 'permessage-deflate');
    assert.strictEqual(ws.protocol, 'two');
    assert.strictEqual(ws.other.protocol, 'two');
    assert.match(ws.other.headers['sec-websocket-extensions'], /client_max_window_bits=10/);
    assert.match(ws.other.headers['sec-websocket-extensions'], /server_no_context_takeover/);
    for (let i = 0; i < 20; i++) {
      const sent = 'the same again and again '.repeat(1000);
      ws.send(sent);
      assert.strictEqual(await message(ws), sent);
    }
    await end(ws);
  },

  async 'close codes and reasons, either way'(base) {
    for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
      for (const first of ['client', 'upstream']) {
        const ws = await open(base, '/quiet');
        const reason = `because of the ${first}`;
        (first === 'client' ? ws : ws.other).close(code, reason);
        const ends = await within(Promise.all([ws.ended, ws.other.ended]), 'the end');
        assert.deepStrictEqual(ends, [`${code} ${reason}`, `${code} ${reason}`]);
      }
    }
    const ws = await open(base, '/quiet');
    ws.close();
    assert.deepStrictEqual(await within(Promise.all([ws.ended, ws.other.ended]), 'the end'), ['1005 ', '1005 ']);
  },

  async 'an end that vanishes'(base) {
    for (const first of ['client', 'upstream']) {
      const ws = await open(base, '/quiet');
      const survivor = first === 'client' ? ws.other : ws;
      survivor.ping(); // something is on its way
      (first === 'client' ? ws : ws.other).terminate();
      assert.strictEqual(await within(survivor.ended, 'the end'), '1006 ');
    }
    // in the middle of a message
    const ws = await open(base, '/quiet');
    ws.send(bytes(100000), { fin: false });
    await sleep(20);
    ws.terminate();
    assert.strictEqual(await within(ws.other.ended, 'the end'), '1006 ');
  },

  async 'what one end does wrong the other end judges'(base) {
    const ws = await open(base, '/quiet');
    ws.send('not masked', { mask: false });
    assert.deepStrictEqual(await within(Promise.all([ws.ended, ws.other.ended]), 'the end'), ['1002 ', '1006 ']);
    const large = await open(base, '/quiet', [], { maxPayload: 1000, perMessageDeflate: false });
    large.other.send(bytes(1001));
    assert.strictEqual(await within(large.other.ended, 'the end'), '1009 ');
  },

  async 'an upgrade that is refused'(base) {
    const ws = new WebSocket(`${base}/refused`, { ca: tls.cert, servername: 'localhost' });
    ws.on('error', () => {});
    const response = await within(new Promise((resolve) => ws.on('unexpected-response', (_, r) => resolve(r))), 'a refusal');
    assert.strictEqual(response.statusCode, 401);
    assert.strictEqual(response.headers['x-why'], 'no ticket');
    let body = '';
    for await (const data of response) body += data;
    assert.strictEqual(body, 'nope');
    ws.terminate();
  },

  async '300 at once, each with its own messages'(base) {
    const all = await Promise.all(Array.from({ length: 300 }, () => open(base, '/echo')));
    for (let n = 0; n < 5; n++) all.forEach((ws, i) => ws.send(`${i}/${n}`));
    for (let i = 0; i < all.length; i++) {
      for (let n = 0; n < 5; n++) assert.strictEqual(await message(all[i]), `${i}/${n}`);
    }
    await Promise.all(all.map(end));
  },

  async 'who does not read stops who writes, and gets all of it later'(base) {
    const ws = await open(base, '/quiet', [], { perMessageDeflate: false });
    const before = memory();
    ws.pause();
    const piece = bytes(1 << 20);
    const pieces = 32 + Math.ceil(2 * given.in_flight / piece.length);
    for (let i = 0; i < pieces; i++) ws.other.send(piece);
    let last = -1;
    // until nothing is taken any more: the rest waits in the upstream
    while (ws.other.bufferedAmount !== last) {
      last = ws.other.bufferedAmount;
      await sleep(100);
    }
    assert.ok(last > 24 << 20, `${last} bytes are left with who writes`);
    const grown = memory() - before;
    assert.ok(grown < 8 << 20, `the proxy has grown by ${grown} bytes`);
    ws.resume();
    for (let i = 0; i < pieces; i++) assert.ok((await message(ws)).equals(piece));
    await end(ws);
  },

  async 'stream_timeout'(base) {
    const started = Date.now();
    const ws = await open(base, '/timed');
    const chatter = setInterval(() => ws.send('I am still here'), 50);
    const codes = await within(Promise.all([ws.ended, ws.other.ended]), 'the end');
    clearInterval(chatter);
    assert.ok(Date.now() - started >= 900, 'it ends too early');
    assert.deepStrictEqual(codes, ['1006 ', '1006 ']);
  },
};

function memory() {
  if (!given.pid) return 0;
  return 1024 * Number(/VmRSS:\s*(\d+)/.exec(fs.readFileSync(`/proc/${given.pid}/status`, 'latin1'))[1]);
}

// --- a new configuration ----------------------------------------------------------------------------

function reload() {
  if (given.pid) {
    process.kill(given.pid, 'SIGUSR2');
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'text/caddyfile', host: 'localhost' };
    const request = http.request({ socketPath: given.admin, path: '/load', method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    });
    request.on('error', reject);
    request.end(fs.readFileSync(given.caddyfile));
  });
}

const reloads = {
  async 'a new configuration: connections end with 1001, those with stream_close_delay later'(ways) {
    const now = [], later = [];
    for (const base of Object.values(ways)) {
      for (let i = 0; i < 5; i++) {
        now.push(await open(base, '/echo'));
        later.push(await open(base, '/later'));
      }
    }
    fs.writeFileSync(given.caddyfile, fs.readFileSync(given.caddyfile, 'latin1').replaceAll('Version one', 'Version two'));
    const started = Date.now();
    await reload();
    const ended = async (ws) => within(Promise.all([ws.ended, ws.other.ended]), 'the end');
    for (const ws of now) assert.deepStrictEqual(await ended(ws), ['1001 ', '1001 ']);
    const soon = Date.now() - started;
    if (soon < given.delay_ms - 1000) { // a busy machine may take longer
      for (const ws of later) {
        ws.send('still here?');
        const heard = new Promise((resolve) => ws.other.once('message', resolve));
        assert.strictEqual((await within(heard, 'a message')).toString(), 'still here?');
      }
    }
    let version = '';
    for (let i = 0; i < 500 && version !== 'Version two'; i++) {
      const ws = await open(Object.values(ways)[0], '/echo').catch(() => null);
      if (ws) {
        version = ws.other.headers['x-version'];
        ws.close(1000);
      }
    }
    assert.strictEqual(version, 'Version two');
    for (const ws of later) assert.deepStrictEqual(await ended(ws), ['1001 ', '1001 ']);
    assert.ok(Date.now() - started >= given.delay_ms - 100, 'they end before their delay');
  },
};

async function run(name, test) {
  const started = Date.now();
  try {
    await test();
    console.log(`passed ${name} after ${Date.now() - started} ms`);
  } catch (error) {
    console.log(`FAILED ${name} after ${Date.now() - started} ms: ${error.stack.split('\n').slice(0, 12).join(' | ')}`);
  }
}

async function main() {
  await listen(http.createServer(), given.upstreams.plain);
  await listen(https.createServer(tls), given.upstreams.tls);
  await listen(http.createServer(), given.upstreams.unix);
  for (const [name, test] of Object.entries(given.reload ? reloads : tests)) {
    if (given.reload) await run(name, () => test(given.ways));
    else for (const [way, base] of Object.entries(given.ways)) await run(`${name}, ${way}`, () => test(base));
  }
  process.exit(0);
}

main();
