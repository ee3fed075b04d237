// Makes calls with an official SDK for Node.js, which the first argument names. See scenario.py for the input and output.
"use strict";

const { createInterface } = require("node:readline");

const apiVersion = "2020-05-18";

async function core(how) {
  const { default: Client, $OpenApiUtil: OpenApi } = require("@alicloud/openapi-core");
  const { RuntimeOptions } = require("@darabonba/typescript");
  const client = new Client(new OpenApi.Config({
    accessKeyId: how.id, accessKeySecret: how.secret, securityToken: how.token || undefined, endpoint: how.host,
    protocol: how.scheme, signatureAlgorithm: how.signature === "HMAC-SHA1" ? "v2" : undefined, regionId: "cn-shanghai",
  }));
  const query = {};
  const body = {};
  for (const [name, value] of Object.entries(how.params)) {
    (how.form.includes(name) ? body : query)[name] = String(value);
  }
  const params = new OpenApi.Params({
    action: how.action, version: apiVersion, protocol: "HTTPS", pathname: "/", method: "POST", authType: "AK", style: "RPC",
    reqBodyType: "formData", bodyType: "json",
  });
  return (await client.callApi(params, new OpenApi.OpenApiRequest({ query, body }), new RuntimeOptions({}))).body;
}

function older(how) {
  const { RPCClient } = require("@alicloud/pop-core");
  const client = new RPCClient({
    accessKeyId: how.id, accessKeySecret: how.secret, securityToken: how.token || undefined,
    endpoint: `${how.scheme}://${how.host}`, apiVersion,
  });
  return client.request(how.action, how.params, { method: "POST" });
}

const [act, signatures, name] = {
  core: [core, ["ACS3-HMAC-SHA256", "HMAC-SHA1"], "@alicloud/openapi-core"],
  older: [older, ["HMAC-SHA1"], "@alicloud/pop-core"],
}[process.argv[2]];

// A service's code begins with an upper-case letter, and a code of Node.js such as ECONNREFUSED has no lower-case letter.
function refusal(error) {
  return /^[A-Z]\w*[a-z]/.test(error.code) && error.data ? { code: error.code } : { failure: error.stack };
}

console.log(JSON.stringify({ title: `${name} ${require(`${name}/package.json`).version}`, signatures }));
(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const answer = await Promise.resolve(JSON.parse(line)).then(act).then((reply) => ({ reply }), refusal);
    console.log(JSON.stringify(answer));
  }
})();
