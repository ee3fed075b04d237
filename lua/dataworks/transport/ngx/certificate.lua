-- The client's certificate and key, read once and held as nginx takes them.

local ngx = rawget(_G, "ngx")

local M = {}

local CODE = "CURLE_SSL_CERTPROBLEM"

local function read(path, option)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, {
      kind = "invalid", sent = false, path = option, message = "can't be read: " .. message,
      code = CODE,
      advice = ("check the path in %s"):format(option),
    }
  end
  local text = file:read "*a"
  file:close()
  return text
end

local function refused(option, message, advice)
  return nil, { kind = "invalid", sent = false, path = option, message = message, advice = advice, code = CODE }
end

--- Fields for the security of connections.
---@param options { client_certificate: string, client_key?: string, client_key_password: boolean is there one? }
---@return { certificate: userdata, key: userdata, name: string }|nil the name tells apart what the files held
---@return table|nil failure
function M.load(options)
  local ok, ssl = pcall(require, "ngx.ssl")
  if not ok or not ssl.parse_pem_cert then
    return refused("client_certificate", "this nginx has no lua-resty-core that can show a client certificate",
      "install lua-resty-core 0.1.24 or newer")
  elseif options.client_key_password then
    return refused("client_key_password", "inside nginx a key can't be behind a password",
      "name a key without one, in a file that only nginx may read")
  end
  local pem, failure = read(options.client_certificate, "client_certificate")
  if not pem then
    return nil, failure
  end
  local certificate, message = ssl.parse_pem_cert(pem)
  if not certificate then
    return refused("client_certificate", "is no PEM certificate: " .. tostring(message), "name a PEM file")
  end
  local option = options.client_key and "client_key" or "client_certificate"
  local key_pem, key
  key_pem, failure = read(options[option], option)
  if not key_pem then
    return nil, failure
  end
  key, message = ssl.parse_pem_priv_key(key_pem)
  if not key then
    return refused(option, "has no PEM private key: " .. tostring(message), "name a PEM file with the key")
  end
  return { certificate = certificate, key = key, name = ngx.md5(pem .. key_pem) }
end

return M
