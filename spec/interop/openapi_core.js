// The official Node core, with both of its signatures.
"use strict";

const { default: Client, $OpenApiUtil: OpenApi } = require("@alicloud/openapi-core");
const { RuntimeOptions } = require("@darabonba/typescript");
const { run } = require("./flow.js");

const inBody = { CreateDISyncTask: ["TaskContent"] };

function connect(signatureAlgorithm, secret) {
  const client = new Client(new OpenApi.Config({
    accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
    accessKeySecret: secret,
    endpoint: process.env.ALIBABA_CLOUD_ENDPOINT.replace("http://", ""),
    regionId: process.env.ALIBABA_CLOUD_REGION_ID,
    protocol: "http",
    signatureAlgorithm,
  }));
  return async (action, params) => {
    const query = {};
    const body = {};
    for (const [name, value] of Object.entries(params)) {
      ((inBody[action] || []).includes(name) ? body : query)[name] = String(value);
    }
    const how = new OpenApi.Params({
      action, version: "2020-05-18", protocol: "HTTPS", pathname: "/", method: "POST", authType: "AK", style: "RPC",
      reqBodyType: "formData", bodyType: "json",
    });
    const reply = await client.callApi(how, new OpenApi.OpenApiRequest({ query, body }), new RuntimeOptions({}));
    return reply.body;
  };
}

(async () => {
  await run("@alicloud/openapi-core", "ACS3-HMAC-SHA256", (secret) => connect(undefined, secret));
  await run("@alicloud/openapi-core", "HMAC-SHA1", (secret) => connect("v2", secret));
})();
