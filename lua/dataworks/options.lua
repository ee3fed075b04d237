-- The options of dataworks.new and their types. $NAME stands for the value of the environment variable NAME.

---@class dataworks.Options
---@field region? string for example "cn-shanghai"; default: $ALIBABA_CLOUD_REGION_ID
---@field endpoint? string a host, a host:port or a URL to use instead of the region's host; default:
--- $ALIBABA_CLOUD_ENDPOINT
---@field access_key_id? string default: $ALIBABA_CLOUD_ACCESS_KEY_ID
---@field access_key_secret? string default: $ALIBABA_CLOUD_ACCESS_KEY_SECRET
---@field security_token? string default: $ALIBABA_CLOUD_SECURITY_TOKEN
---@field credentials? string|table|fun(): dataworks.Credentials|nil, string|nil the source of the keys
---@field credentials_dict? string the name of a lua_shared_dict in which the workers of an nginx share fetched
--- credentials
---@field profile? string the profile in the CLI's configuration or in the credentials file; default:
--- $ALIBABA_CLOUD_PROFILE
---@field version? "2020-05-18"|"2024-05-18" version of the API; default: the oldest version that has the action
---@field signature? "ACS3-HMAC-SHA256"|"ACS3-HMAC-SM3"|"HMAC-SHA1" default: "ACS3-HMAC-SHA256"
---@field timeout? number seconds for a whole call with its retries; default: 30
---@field connect_timeout? number seconds for connecting; default: 5
---@field retries? integer number of retries after the first attempt; default: 2
---@field limit? number|"adaptive"|dataworks.LimitOptions|dataworks.Limit calls per second; default: no limit
---@field network? "public"|"vpc" selects the region's host; default: $ALIBABA_CLOUD_ENDPOINT_TYPE or "public"
---@field proxy? string the URL of the proxy, or "" for no proxy; default: $https_proxy, $http_proxy or $all_proxy
---@field no_proxy? string the hosts that are reached without the proxy; default: $no_proxy
---@field ca_file? string the PEM file with the certificates of the trusted authorities; default: $DATAWORKS_CA_FILE
---@field client_certificate? string the PEM file of the client certificate
---@field client_key? string the PEM file of the client's key; default: the file of client_certificate
---@field client_key_password? string
---@field min_tls? "1.2"|"1.3" default: "1.2"
---@field max_reply_bytes? integer the maximum size of a reply; default: 16 MiB
---@field allow_http? boolean true: plain http is also allowed to hosts other than loopback hosts
---@field transport? dataworks.Transport an object of the program, which sends the requests; the program closes it
---@field on_event? fun(event: dataworks.Event) gets each event; if the callback raises an error, tostring(client)
--- shows it
---@field debug? boolean|fun(line: string) true: each event is written to stderr; default: $ALIBABA_CLOUD_DEBUG
---@field now? fun(): number returns seconds since 1970
---@field clock? fun(): number returns monotonic seconds
---@field nonce? fun(): string returns a text that is different in each call
---@field random? fun(): number returns a number from 0 to 1
---@field sleep? fun(seconds: number)
---@field getenv? fun(name: string): string|nil used instead of os.getenv

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
