// The older official Node core: HMAC-SHA1 only, all parameters in one place.
"use strict";

const { RPCClient } = require("@alicloud/pop-core");
const { run } = require("./flow.js");

function connect(secret) {
  const client = new RPCClient({
    accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
    accessKeySecret: secret,
    endpoint: process.env.ALIBABA_CLOUD_ENDPOINT,
    apiVersion: "2020-05-18",
  });
  return (action, params) => client.request(action, params, { method: "POST" });
}

run("@alicloud/pop-core", "HMAC-SHA1", connect);
