-- The options of dataworks.new and their types. A name in capitals is the environment variable of an absent option.

---@class dataworks.Options
---@field region? string for example cn-shanghai; ALIBABA_CLOUD_REGION_ID
---@field endpoint? string host, host:port or URL; overrides the region; ALIBABA_CLOUD_ENDPOINT
---@field access_key_id? string ALIBABA_CLOUD_ACCESS_KEY_ID
---@field access_key_secret? string ALIBABA_CLOUD_ACCESS_KEY_SECRET
---@field security_token? string ALIBABA_CLOUD_SECURITY_TOKEN
---@field credentials? string|table|fun(): dataworks.Credentials|nil, string|nil the source of the keys
---@field credentials_dict? string lua_shared_dict in which the workers of an nginx share fetched credentials
---@field profile? string of the CLI's configuration or the credentials file; ALIBABA_CLOUD_PROFILE
---@field version? "2020-05-18"|"2024-05-18" of the actions; default: the first that has the action
---@field signature? "ACS3-HMAC-SHA256"|"ACS3-HMAC-SM3"|"HMAC-SHA1" default: the first
---@field timeout? number seconds for a whole call with its retries; default 30
---@field connect_timeout? number seconds; default 5
---@field retries? integer retries after the first attempt; default 2
---@field limit? number|"adaptive"|dataworks.LimitOptions|dataworks.Limit calls per second; default: no limit
---@field network? "public"|"vpc" which host of the region; ALIBABA_CLOUD_ENDPOINT_TYPE
---@field proxy? string URL, or "" for none; https_proxy, http_proxy, all_proxy
---@field no_proxy? string hosts that are reached without the proxy; no_proxy
---@field ca_file? string PEM file of the trusted authorities; DATAWORKS_CA_FILE
---@field client_certificate? string PEM file
---@field client_key? string PEM file; default: client_certificate
---@field client_key_password? string
---@field min_tls? "1.2"|"1.3" default: the first
---@field max_reply_bytes? integer default 16 MiB
---@field allow_http? boolean allows plain http to hosts other than loopback
---@field transport? dataworks.Transport of the program, which also closes it
---@field on_event? fun(event: dataworks.Event) tostring(client) shows an error that it raises
---@field debug? boolean|fun(line: string) writes events as lines to stderr, or to the function; ALIBABA_CLOUD_DEBUG
---@field now? fun(): number seconds since 1970
---@field clock? fun(): number monotonic seconds
---@field nonce? fun(): string
---@field random? fun(): number from 0 to 1
---@field sleep? fun(seconds: number)
---@field getenv? fun(name: string): string|nil
return {
  region = "text", endpoint = "text", version = "text",
  access_key_id = "text", access_key_secret = "text", security_token = "string",
  credentials = "credentials", profile = "text",
  credentials_dict = "text", signature = "text",
  timeout = "seconds", connect_timeout = "seconds", retries = "count", limit = "limit",
  network = "text", proxy = "string", no_proxy = "string", ca_file = "text", client_certificate = "text",
  client_key = "text", client_key_password = "string", min_tls = "text", max_reply_bytes = "size",
  allow_http = "boolean", transport = "transport",
  on_event = "function", debug = "debug", now = "function", clock = "function", nonce = "function", random = "function",
  sleep = "function", getenv = "function",
}
