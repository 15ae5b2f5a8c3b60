// The servers of Node.js that the suites put behind dialtone: node_server.js http|h2c|unix PORT|PATH
'use strict';
const http = require('http'), http2 = require('http2'), crypto = require('crypto');
const [kind, where] = process.argv.slice(2);
const seen = {};

function text(response, status, headers, body) {
  response.writeHead(status, { 'content-type': 'text/plain', ...headers });
  response.end(body);
}

// as slowly as the reader takes it; <who> asks
function download(response, bytes, who) {
  const piece = Buffer.alloc(65536, 'download ');
  let left = bytes, most = 0;
  response.on('close', () => { seen[`download${who}`] = { left, finished: response.writableFinished }; });
  const go = () => {
    while (left > 0) {
      const part = piece.subarray(0, Math.min(left, piece.length));
      left -= part.length;
      if (!response.write(part)) {
        response.once('drain', go);
        return;
      }
    }
    response.end();
  };
  go();
}

function events(response, who) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let i = 0;
  const timer = setInterval(() => response.write(`id: ${i}\ndata: ${Date.now()} ${i++}\n\n`), 50);
  response.on('close', () => { clearInterval(timer); seen[`events${who}`] = i; });
}

function upload(request, response, url) {
  const hash = crypto.createHash('sha256');
  const pause = Number(url.searchParams.get('pause') || 0);
  let bytes = 0;
  request.on('data', (data) => {
    bytes += data.length;
    hash.update(data);
    if (pause) {
      request.pause();
      setTimeout(() => request.resume(), pause);
    }
  });
  request.on('end', () => text(response, 200, { 'x-trailers': JSON.stringify(request.trailers) },
    `${bytes} ${hash.digest('hex')}`));
}

const routes = {
  '/page': (request, response) => text(response, 200, {}, `${request.method} ${request.url} ${request.httpVersion}`),
  '/download': (request, response, url) => {
    const bytes = Number(url.searchParams.get('bytes'));
    response.writeHead(200, url.searchParams.has('chunked') ? {} : { 'content-length': bytes });
    download(response, bytes, url.searchParams.get('who') || '');
  },
  '/events': (request, response, url) => events(response, url.searchParams.get('who') || ''),
  '/poll': (request, response) => setTimeout(() => text(response, 200, {}, 'at last'), 700),
  '/upload': upload,
  '/early': (request, response) => { // answers before the body is there
    text(response, 413, { connection: 'close' }, 'too much');
    request.resume();
  },
  '/trailers': (request, response) => {
    response.writeHead(200, { trailer: 'x-checksum, x-late' });
    response.write('a body');
    response.addTrailers({ 'x-checksum': 'abc', 'x-late': '1' });
    response.end();
  },
  '/hints': (request, response) => {
    response.writeEarlyHints({ link: ['</a.css>; rel=preload; as=style', '</b.js>; rel=preload; as=script'] });
    setTimeout(() => text(response, 200, { 'x-final': '1' }, 'the page'), 100);
  },
  '/seen': (request, response) => {
    text(response, 200, {}, JSON.stringify(seen));
    for (const key of Object.keys(seen)) delete seen[key];
  },
  '/headers': (request, response) => text(response, 200, { 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] },
    JSON.stringify(request.headers)),
};

function handle(request, response) {
  const url = new URL(request.url, 'http://localhost');
  const route = routes[url.pathname];
  if (route) route(request, response, url);
  else text(response, 404, {}, 'nothing here');
}

const server = kind === 'h2c' ? http2.createServer({}, handle) : http.createServer(handle);
server.on('checkContinue', (request, response) => {
  if (request.url.startsWith('/upload?refuse')) {
    text(response, 417, { connection: 'close' }, 'no');
    return;
  }
  response.writeContinue();
  handle(request, response);
});
server.timeout = 0;
server.requestTimeout = 0;
// idle connections stay: one that is closed while a request is on its way would cost that request
server.keepAliveTimeout = 0;
server.listen(kind === 'unix' ? where : Number(where), kind === 'unix' ? undefined : '127.0.0.1');
