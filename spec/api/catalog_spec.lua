local actions = require "dataworks.api.actions"
local catalog = require "dataworks.api.catalog"
local core = require "dataworks.core"
require "dataworks.api.core_data"
local descriptions = require "spec.support.api_description"
local files = require "spec.support.files"
local native = require "spec.support.native"

local V2020, V2024 = "2020-05-18", "2024-05-18"

-- The catalog without the rows that are written by hand.
local function derived_catalog()
  local kept = { actions = package.loaded["dataworks.api.actions"], catalog = package.loaded["dataworks.api.catalog"] }
  package.loaded["dataworks.api.actions"], package.loaded["dataworks.api.catalog"] = {}, nil
  local made = require "dataworks.api.catalog"
  package.loaded["dataworks.api.actions"], package.loaded["dataworks.api.catalog"] = kept.actions, kept.catalog
  return made
end

local derived = derived_catalog()

local function sorted(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- All actions of a version, in order.
local function each(of, version)
  local names, at = sorted(of.names(version)), 0
  return function()
    at = at + 1
    return names[at] and of.find(names[at], version)
  end
end

describe("the catalog", function()
  it("has every action of the official descriptions, with its method, parameters and locations", function()
    for version, expected in pairs { [V2020] = 315, [V2024] = 357 } do
      local described = descriptions.read(version)
      assert.same({ expected, expected }, { #described, #sorted(catalog.names(version)) })
      for _, action in ipairs(described) do
        local row, declared, known = derived.find(action.name, version), {}, {}
        for _, param in ipairs(action.params) do declared[param.name] = { param["in"], param.required } end
        for _, param in ipairs(row.params) do known[param[1]] = { param[3], param.required } end
        assert.same({ action.method, declared }, { row.method, known }, action.name)
      end
    end
  end)

  it("agrees with the description in the hand-written rows of the DISync family", function()
    local more = { json = "string", task_param = "string", update_param = "string" }
    for name, row in pairs(actions) do
      local other, locations, theirs = derived.find(name, V2020), {}, {}
      for _, param in ipairs(row.params) do locations[param[1]] = table.concat({ more[param[2]] or param[2], param[3] }, " ") end
      for _, param in ipairs(other.params) do theirs[param[1]] = table.concat({ param[2], param[3] }, " ") end
      assert.same(theirs, locations, name)
      assert.same({ other.method, other.repeatable, other.list }, { row.method, row.repeatable, row.list }, name)
      assert.equal(row, catalog.find(name))
      assert.equal(row, catalog.find(name, V2020))
    end
  end)

  it("knows the list of each action of version 2024-05-18 that takes the number of a page or a token", function()
    local function has_path(fields, path)
      local name, rest = path:match "^(%w+)%.?(.*)$"
      for _, field in ipairs(fields) do
        if field.name == name then return rest == "" and field.type.array ~= nil or has_path(field.type.object, rest) end
      end
    end
    local count = 0
    for _, action in ipairs(descriptions.read(V2024)) do
      local list, paged = catalog.find(action.name, V2024).list, false
      for _, param in ipairs(action.params) do paged = paged or param.name == "PageNumber" or param.name == "NextToken" end
      if list then assert.is_true(has_path(action.response, list), action.name) end
      -- The reply of GetDIJobLog is one text.
      if paged and action.name ~= "GetDIJobLog" then
        count = count + 1
        assert.is_truthy(list, action.name)
      end
    end
    assert.equal(81, count)
    assert.is_nil(catalog.find("ListAgents", V2024).list)
    assert.equal("PagingInfo.UpstreamTasks", catalog.find("ListUpstreamTasks", V2024).list)
  end)

  it("has a page that names each action whose lists are not sent as JSON, and counts the actions", function()
    local page, both = files.read "docs/actions.md", 0
    for _, version in ipairs(catalog.versions) do
      for row in each(catalog, version) do
        both = both + (version == V2024 and catalog.find(row.name, V2020) and 1 or 0)
        for _, param in ipairs(row.params) do
          if param[2] == "list" or param[2] == "comma_list" then assert.is_truthy(page:find("`" .. row.name .. "`", 1, true), row.name) end
        end
      end
    end
    assert.is_truthy(page:find("the 315 actions of version\n2020-05-18, and the 357 actions of version 2024-05-18", 1, true))
    assert.is_truthy(page:find("\n" .. both .. " actions exist in both versions", 1, true))
  end)

  it("finds a name of both versions in the older one, unless the other is asked for", function()
    assert.equal(V2020, catalog.find("CreateDIJob").version)
    assert.equal(V2020, catalog.find("CreateDIJob", V2020).version)
    assert.equal(V2024, catalog.find("CreateDIJob", V2024).version)
    assert.equal(V2024, catalog.find("GetDIJobLog").version)
    assert.is_nil(catalog.find("GetDIJobLog", V2020))
    assert.is_nil(catalog.find("CreateDISyncTask", V2024))
  end)

  it("returns the same row each time", function()
    assert.equal(catalog.find "ListFiles", catalog.find "ListFiles")
    assert.equal(catalog.find("ListFiles"), catalog.find("ListFiles", V2020))
  end)

  it("finds nothing under a malformed name, or a part of a name", function()
    for _, name in ipairs { "ListFile", "istFiles", "Files", "", "listFiles", "List Files", "\nListFiles", "ListFiles POST", "..*", 5, true, {} } do
      assert.is_nil(catalog.find(name))
      assert.is_nil(catalog.find(name, V2024))
    end
    assert.is_nil(catalog.find(nil))
  end)

  it("hints at the nearest name in the version, or at the version that has the name", function()
    assert.equal("; did you mean ListFiles?", catalog.hint "ListFile")
    assert.equal("; did you mean CreateDIJob?", catalog.hint("CreateDIJobs", V2024))
    assert.equal("; it is an action of version 2020-05-18", catalog.hint("CreateDISyncTask", V2024))
    assert.equal("; it is an action of version 2024-05-18", catalog.hint("GetDIJobLog", V2020))
    assert.equal("; did you mean GetDIJobLog of version 2024-05-18?", catalog.hint("GetDIJobLogs", V2020))
    assert.equal("; did you mean ListMetaEntities?", catalog.hint "ListMetaEntitys")
    assert.equal("; did you mean ListRefDISyncTasks of version 2020-05-18?", catalog.hint("ListRefDISyncTask", V2024))
    assert.equal("", catalog.hint "Xyzzy")
    assert.equal("", catalog.hint(nil))
  end)

  it("is not loaded for the DISync family, nor by require", function()
    local output = native.run [[
      local dataworks = require "dataworks"
      local client = dataworks.new { endpoint = "example.com", access_key_id = "i", access_key_secret = "s" }
      local function loaded()
        local list = {}
        for name in pairs(package.loaded) do list[#list + 1] = name:match "^dataworks%.api%.catalog%.(.*)" end
        table.sort(list)
        print("loaded: " .. table.concat(list, " "))
      end
      assert(client:request("GetDISyncTask", { ProjectId = 1, FileId = 2, TaskType = "DI_REALTIME" }))
      assert(client.DeployDISyncTask and client.generate)
      loaded()
      assert(client:request("GetFile", { ProjectId = 1, FileId = 2 }))
      loaded()
      assert(client:request("GetDIJob", { DIJobId = 2 }, { version = "2024-05-18" }))
      loaded() ]]
    assert.equal("loaded: \nloaded: v20200518\nloaded: v20200518 v20240518\n", output)
  end)

  it("never marks an action as always repeatable whose name is that of a change", function()
    local changes = [[ Abolish Add Approve Callback Change Create Delete Deploy Edit Establish Generate Import Offline Publish
      Register Remove Restart Resume Revoke Run Save Set Start Stop Submit Suspend Terminate Update Upload ]]
    for _, version in ipairs(catalog.versions) do
      for row in each(catalog, version) do
        assert.is_truthy(({ always = true, token = true, unsent = true })[row.repeatable], row.name)
        local verb = row.name:match "^%u%l+"
        if changes:find(" " .. verb .. "%s") then assert.not_equal("always", row.repeatable, row.name) end
        if row.repeatable == "always" then
          for word in row.name:gmatch "%u%l+" do
            assert.is_nil((" Add Delete Remove Save Update "):find(" " .. word .. " ", 1, true), row.name)
          end
        end
      end
    end
    for _, name in ipairs { "CheckFileDeployment", "TestDataServiceApi", "QueryPublicModelEngine", "DsgRunSensIdentify", "StopDIJob" } do
      assert.equal("unsent", catalog.find(name).repeatable)
    end
    for _, name in ipairs { "ListFiles", "GetDIJobLog", "DsgUserGroupGetOdpsRoleGroups", "CheckMetaTable", "TopTenErrorTimesInstance" } do
      assert.equal("always", catalog.find(name).repeatable)
    end
    assert.equal("token", catalog.find("CreateTable").repeatable)
  end)

  it("treats a Status as the outcome only where it is one", function()
    for name, status in pairs {
      ImportDataSources = "outcome", SetDataSourceShare = "outcome", UpdateMetaCollection = "outcome", GetDDLJobStatus = "none",
      GetInstance = "none", GetProject = "none", ListFiles = "none", QueryDISyncTaskConfigProcessResult = "progress",
    } do
      assert.equal(status, catalog.find(name).status, name)
    end
  end)
end)

describe("every action's request", function()
  local signers = {}
  for _, algorithm in ipairs { "ACS3-HMAC-SHA256", "HMAC-SHA1" } do
    signers[algorithm] = core.signer { algorithm = algorithm, access_key_id = "id", access_key_secret = "secret" }
  end

  local VALUES = {
    long = "9007199254740993", int32 = -5, double = 0.5, string = "a b&中", boolean = false, json = { b = { 1 }, a = "x" },
    array = {}, list = { { Name = "n", Size = 5 } }, comma_list = { "a", 9 },
  }
  local TEXTS = {
    long = "9007199254740993", int32 = "-5", double = "0.5", string = "a b&中", boolean = "false", json = '{"a":"x","b":[1]}',
    array = "[]", comma_list = "a,9",
  }

  local SCRIPTS = {
    task_param = files.read "spec/scripts/mysql_to_odps.json",
    update_param = files.read "spec/scripts/task_param_for_updating.json",
  }

  -- A value for a parameter, and the names and texts that it is sent as.
  local function example(param)
    local name, kind = param[1], param[2]
    if param.values then return param.values[1], { [name] = param.values[1] } end
    if kind == "task_param" or kind == "update_param" then return SCRIPTS[kind], { [name] = SCRIPTS[kind] } end
    if kind == "list" then return VALUES.list, { [name .. ".1.Name"] = "n", [name .. ".1.Size"] = "5" } end
    return VALUES[kind], { [name] = TEXTS[kind] }
  end

  local function unescape(text)
    return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
  end

  local function form(text)
    local fields = {}
    for name, value in text:gmatch "([^&=]+)=([^&]*)" do fields[unescape(name)] = unescape(value) end
    return fields
  end

  local function build(row, params, algorithm)
    return core.request(row.name, row, params, {
      signer = signers[algorithm], endpoint = "https://example.com", date = 1716019750, nonce = "n",
    })
  end

  for _, version in ipairs(catalog.versions) do
    it("sends what the description declares, of version " .. version, function()
      for _, action in ipairs(descriptions.read(version)) do
        local params, sent = descriptions.call(action)
        local row = catalog.find(action.name, version)
        local made, err = core.request(row.name, row, params, {
          signer = signers["ACS3-HMAC-SHA256"], endpoint = "https://example.com", date = 1716019750, nonce = "n", unchecked = true,
        })
        assert(made, err and action.name .. ": " .. err.path .. ": " .. err.message)
        assert.same({ action.method, action.name, version }, { made.method, made.headers["x-acs-action"], made.headers["x-acs-version"] })
        assert.same(sent, { query = form(made.url:match "%?(.*)" or ""), body = form(made.body) }, action.name)
      end
    end)

    it("has each parameter in its location, of version " .. version, function()
      for row in each(catalog, version) do
        local params, expected = {}, { query = {}, body = {} }
        for _, param in ipairs(row.params) do
          local value, texts = example(param)
          params[param[1]] = value
          for name, text in pairs(texts) do expected[param[3]][name] = text end
        end
        local made = assert(build(row, params, "ACS3-HMAC-SHA256"))
        assert.same({ row.method, row.name, version }, { made.method, made.headers["x-acs-action"], made.headers["x-acs-version"] })
        assert.same(expected.query, form(made.url:match "%?(.*)" or ""), row.name)
        assert.same(expected.body, form(made.body), row.name)
        local again = core.sign {
          method = made.method, query = expected.query, headers = made.headers, body = made.body,
          access_key_id = "id", access_key_secret = "secret",
        }
        assert.equal(again.authorization, made.headers.authorization, row.name)
        assert.is_true(#row.params <= 64, "half of what csrc/core/param.h allows")
      end
    end)

    it("has a valid HMAC-SHA1 signature, of version " .. version, function()
      for row in each(catalog, version) do
        local params = {}
        for _, param in ipairs(row.params) do params[param[1]] = example(param) end
        local made = assert(build(row, params, "HMAC-SHA1"))
        local all = form((made.url:match "%?(.*)" or "") .. "&" .. made.body)
        local signature = all.Signature
        all.Signature = nil
        local again = core.sign { algorithm = "HMAC-SHA1", method = made.method, params = all, access_key_secret = "secret" }
        assert.equal(again.signature, signature, row.name)
        assert.same({ row.name, version }, { all.Action, all.Version })
      end
    end)

    it("requires each required parameter, of version " .. version, function()
      for row in each(catalog, version) do
        for _, wanted in ipairs(row.params) do
          local params = {}
          for _, param in ipairs(row.params) do params[param[1]] = example(param) end
          params[wanted[1]] = nil
          local made, err = build(row, params, "ACS3-HMAC-SHA256")
          assert.equal(not wanted.required, made ~= nil, row.name .. "." .. wanted[1])
          if not made then assert.same({ wanted[1], "is missing" }, { err.path, err.message }) end
        end
      end
    end)
  end
end)
