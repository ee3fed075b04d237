-- Reads the descriptions of the API in tools/api, and says for each action what a call sends. It shares no code with
-- tools/catalog.lua and with the library, so that a mistake in them shows.

local cjson = require "cjson"
local files = require "spec.support.files"

local M = {}

local function sorted(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- Returns the actions of a version, in order.
function M.read(version)
  local actions, list = cjson.decode(files.read("tools/api/" .. version .. ".json")).actions, {}
  for i, name in ipairs(sorted(actions)) do list[i] = actions[name] end
  return list
end

-- A value for each type, and its text.
local SCALARS = {
  string = { "a b&,中", "a b&,中" }, long = { "9007199254740993", "9007199254740993" }, int32 = { -5, "-5" },
  float = { 0.5, "0.5" }, double = { 0.5, "0.5" }, boolean = { false, "false" },
}

-- Values for the texts of which the hand-written rows know more than the description.
local KNOWN = {
  TaskType = "DI_REALTIME", RefType = "from", TaskParam = "{}", TaskContent = "{}", StartParam = "{}", ProjectConfig = "{}",
}

--- Adds the names and texts of a value that is sent as one parameter for each scalar in it. Returns the value.
local function repeated(name, kind, texts)
  if SCALARS[kind] then
    texts[name] = SCALARS[kind][2]
    return SCALARS[kind][1]
  elseif kind.array then
    return { repeated(name .. ".1", kind.array, texts), repeated(name .. ".2", kind.array, texts) }
  end
  local object = {}
  for _, field in ipairs(kind.object) do
    object[field.name] = repeated(name .. "." .. field.name, field.type, texts)
  end
  return object
end

--- Returns a value for a parameter, and adds what is sent for it to `texts`.
local function example(param, texts)
  local name, kind = param.name, param.type
  if param.serialize == "json" then
    local is_list = type(kind) == "table" and kind.array
    texts[name] = is_list and '[{"b":1},"中"]' or '{"a":[1],"b":"x"}'
    return is_list and { { b = 1 }, "中" } or { b = "x", a = { 1 } }
  elseif param.serialize == "simple" then
    local text = kind.array == "long" and { "1", "9007199254740993" } or { "x y", "中" }
    texts[name] = table.concat(text, ",")
    return text
  elseif param.serialize then
    error("unknown serialization " .. param.serialize)
  elseif kind == "string" and KNOWN[name] then
    texts[name] = KNOWN[name]
    return KNOWN[name]
  end
  return repeated(name, kind, texts)
end

--- Returns a value for each parameter of an action, and what must be sent in the query and in the form.
function M.call(action)
  local params, sent = {}, { query = {}, body = {} }
  for _, param in ipairs(action.params) do params[param.name] = example(param, sent[param["in"]]) end
  return params, sent
end

return M
