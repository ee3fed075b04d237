-- Loads the client's certificate and key in the form that nginx needs.

local outcome = require "dataworks.transport.ngx.outcome"

local ngx = rawget(_G, "ngx")

local M = {}

---@class dataworks.NgxCertificate
---@field certificate userdata
---@field key userdata
---@field name string a digest of the contents of both files

local function refuse(option, message, advice)
  local failure = outcome.unsent_failure("invalid", "CURLE_SSL_CERTPROBLEM", message, advice)
  failure.path = option
  error(failure, 0)
end

local function read_file(options, option)
  local file, message = io.open(options[option], "rb")
  if not file then
    refuse(option, "can't be read: " .. message, ("check the path in %s"):format(option))
  end
  local text = file:read "*a"
  file:close()
  return text
end

--- Loads the certificate and key from the files that the options name. Raises the failure as a table if they can't be
--- used.
function M.load(options)
  local has_ssl, ssl = pcall(require, "ngx.ssl")
  if not has_ssl or not ssl.parse_pem_cert then
    refuse("client_certificate", "this nginx has no lua-resty-core that can show a client certificate",
      "install lua-resty-core 0.1.24 or newer")
  elseif options.has_key_password then
    refuse("client_key_password", "inside nginx a key can't be protected by a password",
      "name a key without a password, in a file that only nginx may read")
  end
  local pem = read_file(options, "client_certificate")
  local certificate, message = ssl.parse_pem_cert(pem)
  if not certificate then
    refuse("client_certificate", "is not a PEM certificate: " .. tostring(message), "name a PEM file")
  end
  local option = options.client_key and "client_key" or "client_certificate"
  local key_pem = read_file(options, option)
  local key, reason = ssl.parse_pem_priv_key(key_pem)
  if not key then
    refuse(option, "has no PEM private key: " .. tostring(reason), "name a PEM file with the key")
  end
  return { certificate = certificate, key = key, name = ngx.md5(pem .. key_pem) }
end

return M
