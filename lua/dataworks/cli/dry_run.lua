-- Shows the request of a call instead of sending it: method, URL, headers, the parameters of the body, and the string
-- to sign. Secrets are redacted, and no credentials are needed.

local core = require "dataworks.core"
local dataworks = require "dataworks"
local exit_status = require "dataworks.cli.exit_status"

--- Returns the request, signed with the user's keys or with placeholders.
local function signed_request(row, params, context)
  local options = { version = row.version }
  local request, err = context:client():request(row.name, params, options)
  if not request and err.kind == "credentials" then
    local keys = { access_key_id = "ACCESS_KEY_ID", access_key_secret = "ACCESS_KEY_SECRET", profile = nil }
    local client = dataworks.new(context:client_options(keys))
    request, err = client:request(row.name, params, options)
    client:close()
  end
  if not request then
    context:fail(err)
  end
  return request
end

--- Returns the parameters of a query or a form, decoded.
local function decode_form(text)
  local list, params = {}, {}
  for pair in text:gmatch "[^&]+" do
    local sign = pair:find("=", 1, true)
    local name, value = core.percent_decode(pair:sub(1, sign - 1)), core.percent_decode(pair:sub(sign + 1))
    list[#list + 1] = ("%s=%s"):format(name, value)
    params[name] = value
  end
  return list, params
end

---@param row dataworks.Action
---@param params table
---@param context dataworks.cli.Context
---@return integer status
return function(row, params, context)
  local request = signed_request(row, params, context)
  local path, query = request.url:match "^%w+://[^/]*([^?]*)%??(.*)$"
  local decoded_query, query_params = decode_form(query)
  local signed = dataworks.sign {
    method = request.method, path = path, query = query_params, headers = request.headers, body = request.body,
    access_key_id = "ACCESS_KEY_ID", access_key_secret = "ACCESS_KEY_SECRET",
  }
  local head = tostring(request):match "^(.-)\n\n" or tostring(request)
  local lines = { head }
  if #decoded_query > 0 then
    lines[#lines + 1] = "\nquery:\n  " .. table.concat(decoded_query, "\n  ")
  end
  if request.body ~= "" then
    lines[#lines + 1] = "\nbody:\n  " .. table.concat((decode_form(request.body)), "\n  ")
  end
  lines[#lines + 1] = "\nstring to sign:\n  " .. signed.string_to_sign:gsub("\n", "\n  ")
  context.output:write(table.concat(lines, "\n") .. "\n")
  return exit_status.DONE
end
