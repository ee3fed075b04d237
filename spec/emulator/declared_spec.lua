-- All actions of the emulator together: the form of their replies, and to whom belongs what they store.

local catalog = require "dataworks.api.catalog"
local declared = require "spec.support.declared"
local every_action = require "spec.support.every_action"
local json = require "dataworks.emulator.json"
local new_settings = require("dataworks.emulator.settings").defaults
local service = require "dataworks.emulator.service"
local taker = require "dataworks.emulator.service.declared"

local function new(first_id)
  local settings = new_settings()
  settings.first_id = first_id or settings.first_id
  return service.new { settings = settings, now = function() return 1638859251 end }
end

--- Calls every action as an account. Returns the bodies of all replies as text, in order.
local function run(made, account, called)
  local bodies = {}
  every_action(function(version, action, params)
    local row = catalog.find(action, version)
    for _, spec in ipairs(row.params) do
      assert(not spec.required or params[spec[1]], action .. " needs " .. spec[1])
    end
    local result = made:call(action, params, row, account)
    assert(result.outcome == "acted", ("%s: %s %s"):format(action, result.outcome, tostring(result.detail)))
    if called then called[version .. " " .. action] = true end
    local body = declared.body(version, action, result)
    bodies[#bodies + 1] = action .. " " .. json.encode(body)
    return body
  end)
  return bodies
end

--- Returns all tables that the functions of the service and the service itself reach, as copies. What belongs to an account
--- and the counter of ids are left out.
local function copy_of_what_is_stored(made)
  local copies, skipped = {}, { [_G] = true, [made.accounts] = true, [made.ids] = true, [package.loaded] = true }
  local function visit(value)
    if type(value) == "function" and not copies[value] then
      copies[value] = {}
      local i = 1
      while true do
        local name, upvalue = debug.getupvalue(value, i)
        if not name then return end
        copies[value][i] = upvalue
        visit(upvalue)
        i = i + 1
      end
    elseif type(value) == "table" and not copies[value] and not skipped[value] then
      copies[value] = {}
      for key, member in next, value do
        copies[value][key] = member
        visit(key)
        visit(member)
      end
    end
  end
  visit(made)
  visit(service)
  return copies
end

--- Returns true if something outside of the states of the accounts has changed.
local function has_changed(before, made)
  local after = copy_of_what_is_stored(made)
  for owner, copy in pairs(before) do
    local now = after[owner] or {}
    for key, value in pairs(copy) do
      if now[key] ~= value then return true end
    end
    for key in pairs(now) do
      if copy[key] == nil then return true end
    end
  end
  return false
end

describe("the actions of the emulator", function()
  it("reply with the members and types of the official description, each action at least once", function()
    local called = {}
    run(new(), "a", called)
    for version, actions in pairs(service.actions) do
      for action in pairs(actions) do
        assert.is_true(called[version .. " " .. action], action)
      end
    end
  end)

  it("store everything for the account of the caller", function()
    local shared = new()
    run(shared, "a")
    local alone = new(shared.ids.unused)
    assert.same(run(alone, "b"), run(shared, "b"))
  end)

  it("store nothing outside of the state of an account", function()
    local made = new()
    local before = copy_of_what_is_stored(made)
    run(made, "a")
    assert.is_false(has_changed(before, made))
  end)

  for where, plant in pairs {
    ["in a table of its module"] = function()
      local seen = {}
      return function(_, params) seen[#seen + 1] = params end
    end,
    ["in an upvalue"] = function()
      local last
      return function(_, params)
        last, params.last = params, last
      end
    end,
  } do
    it("are found to store something elsewhere, " .. where, function()
      local actions, made, store = service.actions["2020-05-18"], new(), plant()
      local real = actions.ListFiles
      actions.ListFiles = function(state, params)
        store(state, params)
        params.last = nil
        return real(state, params)
      end
      finally(function() actions.ListFiles = real end)
      local before = copy_of_what_is_stored(made)
      run(made, "a")
      assert.is_true(has_changed(before, made))
    end)
  end

  it("are found to store something elsewhere, in the service", function()
    local made = new()
    local before = copy_of_what_is_stored(made)
    made.other_tokens = {}
    assert.is_true(has_changed(before, made))
  end)
end)

describe("a declared value", function()
  local function take(text, shape)
    local ok, result = pcall(taker.take, json.decode(text), shape, "P")
    return ok and json.encode(result) or result.detail
  end

  it("keeps only the declared members, with the declared types", function()
    local shape = { A = "string", B = "long", C = { "boolean" }, D = { ["*"] = "double" }, E = { { F = "string" } } }
    assert.equal('{"A":"1","B":9007199254740993,"C":[true,false],"D":{"x":1.5},"E":[{"F":"f"}]}',
      take('{"A":1,"B":"9007199254740993","C":["True",false],"D":{"x":"1.5"},"E":[{"F":"f","G":2}],"H":null,"I":1}', shape))
  end)

  it("is refused with the path of a value of another type", function()
    for detail, case in pairs {
      ["P.A must be a long"] = { '{"A":"x"}', { A = "long" } }, ["P[1] must be a boolean"] = { "[1]", { "boolean" } },
      ["P"] = { "{}", { "string" } }, ["P.A"] = { '{"A":[]}', { A = { B = "string" } } }, ["P.A must be a string"] = { '{"A":{}}', { A = "string" } },
    } do
      assert.equal(detail, take(case[1], case[2]))
    end
  end)
end)
