-- Loads the client's certificate and key in the form that nginx takes.

local outcome = require "dataworks.transport.ngx.outcome"

local ngx = rawget(_G, "ngx")

local M = {}

---@class dataworks.NgxCertificate
---@field certificate userdata
---@field key userdata
---@field name string differs when the files' contents differ

local function refuse(option, message, advice)
  local failure = outcome.not_sent("invalid", "CURLE_SSL_CERTPROBLEM", message, advice)
  failure.path = option
  return nil, failure
end

local function read_file(options, option)
  local file, message = io.open(options[option], "rb")
  if not file then
    return refuse(option, "can't be read: " .. message, ("check the path in %s"):format(option))
  end
  local text = file:read "*a"
  file:close()
  return text
end

---@param options { client_certificate: string, client_key?: string, has_key_password: boolean }
---@return dataworks.NgxCertificate|nil
---@return table|nil failure
function M.load(options)
  local has_ssl, ssl = pcall(require, "ngx.ssl")
  if not has_ssl or not ssl.parse_pem_cert then
    return refuse("client_certificate", "this nginx has no lua-resty-core that can show a client certificate",
      "install lua-resty-core 0.1.24 or newer")
  elseif options.has_key_password then
    return refuse("client_key_password", "inside nginx a key can't be behind a password",
      "name a key without one, in a file that only nginx may read")
  end
  local pem, failure = read_file(options, "client_certificate")
  if not pem then
    return nil, failure
  end
  local certificate, message = ssl.parse_pem_cert(pem)
  if not certificate then
    return refuse("client_certificate", "is not a PEM certificate: " .. tostring(message), "name a PEM file")
  end
  local option = options.client_key and "client_key" or "client_certificate"
  local key_pem, key
  key_pem, failure = read_file(options, option)
  if not key_pem then
    return nil, failure
  end
  key, message = ssl.parse_pem_priv_key(key_pem)
  if not key then
    return refuse(option, "has no PEM private key: " .. tostring(message), "name a PEM file with the key")
  end
  return { certificate = certificate, key = key, name = ngx.md5(pem .. key_pem) }
end

return M
