// A host's receiving end in Node: POST /LIBRARY/SECRET is verified by that library with that secret, and answered 204
// or 400. The argument is the folder where the libraries are installed. Prints its port, then a line of JSON per request.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const installed = createRequire(pathToFileURL(`${process.argv[2]}/`));
const libraries = {};
for (const name of ["standardwebhooks", "svix"]) {
  libraries[name] = await import(pathToFileURL(installed.resolve(name)).href);
}

function failure(path, headers, body) {
  const [, library, secret] = path.split("/").map(decodeURIComponent);
  try {
    new libraries[library].Webhook(secret).verify(body, headers);
    return null;
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString("utf8");
  const failed = failure(request.url, request.headers, body);
  console.log(JSON.stringify({ path: request.url, headers: request.headers, body, failed }));
  response.writeHead(failed ? 400 : 204, { "content-type": "text/plain" });
  response.end(failed ?? undefined);
}).listen(0, "127.0.0.1", function () {
  console.log(this.address().port);
});
