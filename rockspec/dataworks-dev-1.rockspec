rockspec_format = "3.0"
package = "dataworks"
version = "dev-1"

-- To be built where it lies: luarocks make.
source = { url = "." }

description = {
  summary = "Data synchronization tasks of Alibaba Cloud DataWorks from one function call",
  detailed = [[
Generates the configuration of a synchronization task from a Lua table, waits for it and creates the task.
Signing, encoding and transport are written in C. Runs on Lua 5.1 to 5.4 and LuaJIT.]],
  license = "MIT",
  labels = { "alibaba-cloud", "dataworks", "client" },
}

dependencies = { "lua >= 5.1, < 5.5", "lua-cjson >= 2.1.0" }

external_dependencies = {
  CURL = { header = "curl/curl.h" },
  OPENSSL = { header = "openssl/evp.h" },
}

build = {
  type = "builtin",
  modules = {
    ["dataworks.core"] = {
      sources = {
        "csrc/buffer.c", "csrc/core.c", "csrc/core_file.c", "csrc/core_host.c", "csrc/core_run.c",
        "csrc/core_sign.c", "csrc/core_signer.c", "csrc/flat.c", "csrc/json.c", "csrc/param.c", "csrc/percent.c",
        "csrc/request.c", "csrc/script.c", "csrc/sign.c", "csrc/task.c", "csrc/value.c",
      },
      libraries = { "crypto" },
      incdirs = { "$(OPENSSL_INCDIR)" },
      libdirs = { "$(OPENSSL_LIBDIR)" },
    },
    ["dataworks.curl"] = {
      sources = {
        "csrc/curl.c", "csrc/curl_error.c", "csrc/curl_headers.c", "csrc/curl_reply.c", "csrc/curl_session.c",
        "csrc/curl_sockets.c",
      },
      libraries = { "curl" },
      incdirs = { "$(CURL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)" },
    },
    dataworks = "lua/dataworks.lua",
    ["dataworks.actions"] = "lua/dataworks/actions.lua",
    ["dataworks.address"] = "lua/dataworks/address.lua",
    ["dataworks.advice"] = "lua/dataworks/advice.lua",
    ["dataworks.base64"] = "lua/dataworks/base64.lua",
    ["dataworks.budget"] = "lua/dataworks/budget.lua",
    ["dataworks.caller"] = "lua/dataworks/caller.lua",
    ["dataworks.catalog"] = "lua/dataworks/catalog.lua",
    ["dataworks.catalog.v20200518"] = "lua/dataworks/catalog/v20200518.lua",
    ["dataworks.catalog.v20240518"] = "lua/dataworks/catalog/v20240518.lua",
    ["dataworks.cli"] = "lua/dataworks/cli.lua",
    ["dataworks.client"] = "lua/dataworks/client.lua",
    ["dataworks.credentials"] = "lua/dataworks/credentials.lua",
    ["dataworks.credentials.environment"] = "lua/dataworks/credentials/environment.lua",
    ["dataworks.dates"] = "lua/dataworks/dates.lua",
    ["dataworks.diagnosis"] = "lua/dataworks/diagnosis.lua",
    ["dataworks.emulator.credentials"] = "lua/dataworks/emulator/credentials.lua",
    ["dataworks.emulator.delivery"] = "lua/dataworks/emulator/delivery.lua",
    ["dataworks.emulator.digest"] = "lua/dataworks/emulator/digest.lua",
    ["dataworks.emulator.faults"] = "lua/dataworks/emulator/faults.lua",
    ["dataworks.emulator.gateway"] = "lua/dataworks/emulator/gateway.lua",
    ["dataworks.emulator.ids"] = "lua/dataworks/emulator/ids.lua",
    ["dataworks.emulator.issuer"] = "lua/dataworks/emulator/issuer.lua",
    ["dataworks.emulator.journal"] = "lua/dataworks/emulator/journal.lua",
    ["dataworks.emulator.json"] = "lua/dataworks/emulator/json.lua",
    ["dataworks.emulator.metadata"] = "lua/dataworks/emulator/metadata.lua",
    ["dataworks.emulator.nginx"] = "lua/dataworks/emulator/nginx.lua",
    ["dataworks.emulator.nonces"] = "lua/dataworks/emulator/nonces.lua",
    ["dataworks.emulator.server"] = "lua/dataworks/emulator/server.lua",
    ["dataworks.emulator.service"] = "lua/dataworks/emulator/service.lua",
    ["dataworks.emulator.service.content"] = "lua/dataworks/emulator/service/content.lua",
    ["dataworks.emulator.service.files"] = "lua/dataworks/emulator/service/files.lua",
    ["dataworks.emulator.service.generate"] = "lua/dataworks/emulator/service/generate.lua",
    ["dataworks.emulator.service.instances"] = "lua/dataworks/emulator/service/instances.lua",
    ["dataworks.emulator.service.jobs"] = "lua/dataworks/emulator/service/jobs.lua",
    ["dataworks.emulator.service.paging"] = "lua/dataworks/emulator/service/paging.lua",
    ["dataworks.emulator.service.projects"] = "lua/dataworks/emulator/service/projects.lua",
    ["dataworks.emulator.service.reply"] = "lua/dataworks/emulator/service/reply.lua",
    ["dataworks.emulator.service.script"] = "lua/dataworks/emulator/service/script.lua",
    ["dataworks.emulator.service.tasks"] = "lua/dataworks/emulator/service/tasks.lua",
    ["dataworks.emulator.settings"] = "lua/dataworks/emulator/settings.lua",
    ["dataworks.emulator.signature"] = "lua/dataworks/emulator/signature.lua",
    ["dataworks.emulator.sts"] = "lua/dataworks/emulator/sts.lua",
    ["dataworks.endpoints"] = "lua/dataworks/endpoints.lua",
    ["dataworks.error"] = "lua/dataworks/error.lua",
    ["dataworks.events"] = "lua/dataworks/events.lua",
    ["dataworks.flow"] = "lua/dataworks/flow.lua",
    ["dataworks.flow.params"] = "lua/dataworks/flow/params.lua",
    ["dataworks.flow.state"] = "lua/dataworks/flow/state.lua",
    ["dataworks.ids"] = "lua/dataworks/ids.lua",
    ["dataworks.lifecycle"] = "lua/dataworks/lifecycle.lua",
    ["dataworks.nearest"] = "lua/dataworks/nearest.lua",
    ["dataworks.options"] = "lua/dataworks/options.lua",
    ["dataworks.pages"] = "lua/dataworks/pages.lua",
    ["dataworks.percent"] = "lua/dataworks/percent.lua",
    ["dataworks.proxy"] = "lua/dataworks/proxy.lua",
    ["dataworks.repetition"] = "lua/dataworks/repetition.lua",
    ["dataworks.response"] = "lua/dataworks/response.lua",
    ["dataworks.retry"] = "lua/dataworks/retry.lua",
    ["dataworks.signer"] = "lua/dataworks/signer.lua",
    ["dataworks.skew"] = "lua/dataworks/skew.lua",
    ["dataworks.task"] = "lua/dataworks/task.lua",
    ["dataworks.transport"] = "lua/dataworks/transport.lua",
    ["dataworks.transport.curl"] = "lua/dataworks/transport/curl.lua",
    ["dataworks.transport.refusal"] = "lua/dataworks/transport/refusal.lua",
    ["dataworks.version"] = "lua/dataworks/version.lua",
    ["dataworks.wait"] = "lua/dataworks/wait.lua",
    ["dataworks.waiter"] = "lua/dataworks/waiter.lua",
  },
  install = { bin = { dataworks = "bin/dataworks" } },
}
