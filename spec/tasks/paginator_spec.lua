local core = require "dataworks.core"
local dataworks = require "dataworks"
local fake = require "spec.support.fake"

local function items(first, last)
  local list = {}
  for i = first, last do list[#list + 1] = { FileId = i } end
  return core.list(list)
end

-- A page of ListFiles.
local function files(first, last, around)
  local data = { Files = items(first, last) }
  for name, value in pairs(around or {}) do data[name] = value end
  return fake.good(data)
end

-- The ids that a loop gets, and the error that ends it.
local function collect(client, action, params, options)
  local ids, counts, failure = {}, {}, nil
  for count, item, err in client:each(action, params or { ProjectId = 1 }, options) do
    counts[#counts + 1] = count
    if err then failure = err else ids[#ids + 1] = item.FileId or item.Name end
  end
  for i, count in ipairs(counts) do assert.equal(i, count) end
  return table.concat(ids, " "), failure
end

local function asked(world, name)
  local values = {}
  for i, request in ipairs(world.sent) do values[i] = fake.params(request)[name] or "-" end
  return table.concat(values, " ")
end

describe("client:each by page number", function()
  it("gives each item of each page, in order, up to TotalCount", function()
    local client, world = fake.client {
      files(1, 2, { TotalCount = 5, PageSize = 2 }), files(3, 4, { TotalCount = 5, PageSize = 2 }),
      files(5, 5, { TotalCount = 5, PageSize = 2 }),
    }
    assert.equal("1 2 3 4 5", (collect(client, "ListFiles", { ProjectId = 1, PageSize = 2 })))
    assert.equal("1 2 3", asked(world, "PageNumber"))
    assert.equal("2 2 2", asked(world, "PageSize"))
  end)

  it("requests a page when the loop gets to it", function()
    local client, world = fake.client { files(1, 2, { TotalCount = 4, PageSize = 2 }), files(3, 4, { TotalCount = 4, PageSize = 2 }) }
    local each = client:each("ListFiles", { ProjectId = 1 })
    assert.equal(0, #world.sent)
    each()
    each()
    assert.equal(1, #world.sent)
    local count, item = each()
    assert.same({ 3, 3, 2 }, { count, item.FileId, #world.sent })
    each()
    assert.is_nil((each()))
    assert.is_nil((each()))
    assert.equal(2, #world.sent)
  end)

  it("ends after a short page when there is no total", function()
    local client = fake.client { files(1, 2, { PageSize = 2 }), files(3, 3, { PageSize = 2 }) }
    assert.equal("1 2 3", (collect(client, "ListFiles")))
  end)

  it("ends at an empty page when there is neither a total nor a size", function()
    local client, world = fake.client { files(1, 2), files(3, 3), files(1, 0) }
    assert.equal("1 2 3", (collect(client, "ListFiles", { ProjectId = 1, PageSize = 2 })))
    assert.equal(3, #world.sent)
  end)

  it("goes on after a short page while the total is not reached, and ends at an empty page", function()
    local client = fake.client {
      files(1, 1, { TotalCount = 4, PageSize = 2 }), files(3, 4, { TotalCount = 4, PageSize = 2 }), files(1, 0, { TotalCount = 4, PageSize = 2 }),
    }
    assert.equal("1 3 4", (collect(client, "ListFiles")))
  end)

  it("uses the total of the latest page, as a number or as text", function()
    local client = fake.client {
      files(1, 2, { TotalCount = "3", PageSize = "2" }), files(3, 4, { TotalCount = "5", PageSize = "2" }), files(5, 5, { TotalCount = 5 }),
    }
    assert.equal("1 2 3 4 5", (collect(client, "ListFiles")))
    client = fake.client { files(1, 2, { TotalCount = 9 }), files(3, 4, { TotalCount = 4 }) }
    assert.equal("1 2 3 4", (collect(client, "ListFiles")))
  end)

  it("ignores a total below the number of items in the page", function()
    local client = fake.client { files(1, 2, { TotalCount = 0, PageSize = 2 }), files(3, 3, { TotalCount = 0, PageSize = 2 }) }
    assert.equal("1 2 3", (collect(client, "ListFiles")))
  end)

  it("gives no item when the list is empty or absent, or Data is null", function()
    for _, data in ipairs { { Files = core.list {}, TotalCount = 0 }, { TotalCount = 0 }, core.null } do
      local client, world = fake.client { fake.good(data) }
      assert.equal("", (collect(client, "ListFiles")))
      assert.equal(1, #world.sent)
    end
  end)

  it("begins at the given page, and counts the items of the pages before it", function()
    local client, world = fake.client { files(5, 6, { TotalCount = 7, PageSize = 2 }), files(7, 7, { TotalCount = 7, PageSize = 2 }) }
    assert.equal("5 6 7", (collect(client, "ListFiles", { ProjectId = 1, PageNumber = "3" })))
    assert.equal("3 4", asked(world, "PageNumber"))
  end)

  it("uses the other names of the page number, and sends a size where one is required", function()
    local page = fake.good { DataEntityList = { { Name = "a" } }, TotalCount = 1 }
    local client, world = fake.client { page }
    assert.equal("a", (collect(client, "GetMetaCategory", {})))
    assert.same({ "1", "-" }, { asked(world, "PageNum"), asked(world, "PageSize") })
    client, world = fake.client { fake.good { Business = { { Name = "b" } }, TotalCount = 1 } }
    assert.equal("b", (collect(client, "ListBusiness")))
    assert.equal("10", asked(world, "PageSize"))
  end)

  it("ends with an error when a page repeats", function()
    local client, world = fake.client { files(1, 2), files(1, 2) }
    local ids, err = collect(client, "ListFiles")
    assert.equal("1 2", ids)
    assert.same({ "protocol", "ListFiles", "page 2 is the same as the previous page", "R-1", true, false },
      { err.kind, err.action, err.message, err.request_id, err.sent, err.retryable })
    assert.equal(2, #world.sent)
  end)
end)

describe("client:each by token", function()
  local function tables(names, token)
    local list = {}
    for name in names:gmatch "%a" do list[#list + 1] = { Name = name } end
    return fake.good { TableEntityList = core.list(list), NextToken = token }
  end

  it("sends each NextToken back until there is none", function()
    for _, last in ipairs { core.null, "" } do
      local client, world = fake.client { tables("a b", "t1"), tables("", "t2"), tables("c", last) }
      assert.equal("a b c", (collect(client, "ListTables", { DataSourceType = "odps" })))
      assert.equal("- t1 t2", asked(world, "NextToken"))
    end
  end)

  it("begins at the given token", function()
    local client, world = fake.client { tables "c" }
    assert.equal("c", (collect(client, "ListTables", { DataSourceType = "odps", NextToken = "t9" })))
    assert.equal("t9", asked(world, "NextToken"))
  end)

  it("ends with an error when a token repeats, at once or later", function()
    for _, answers in ipairs { { tables("a", "t"), tables("b", "t") }, { tables("a", "t"), tables("", "u"), tables("b", "t") } } do
      local client = fake.client(answers)
      local ids, err = collect(client, "ListTables", { DataSourceType = "odps" })
      assert.equal("a", ids)
      assert.same({ "protocol", "the reply names a NextToken that was used before" }, { err.kind, err.message })
    end
  end)

  it("uses NextPrimaryKey as a token, with HasNext", function()
    local function page(name, key, more)
      return fake.good { DataEntityList = { { Name = name } }, NextPrimaryKey = key, HasNext = more }
    end
    local client, world = fake.client { page("a", "k1", true), page("b", "k2", false) }
    assert.equal("a b", (collect(client, "GetMetaTableLineage", { Direction = "up" })))
    assert.equal("- k1", asked(world, "NextPrimaryKey"))
  end)

  it("reads the tokens and numbers of version 2024-05-18, and HasMore", function()
    local function page(name, token, more)
      return fake.reply { RequestId = "R", Data = { Data = { { Name = name } }, NextToken = token, HasMore = more } }
    end
    local client, world = fake.client { page("a", "t1", true), page("b", "t2", false) }
    assert.equal("a b", (collect(client, "ListMyApplications", { DefSchema = "MaxCompute", StartTime = 1, EndTime = 2, ResourceType = { "t" } })))
    assert.equal("- t1", asked(world, "NextToken"))
    local function tasks(number, name)
      return fake.reply { RequestId = "R", PagingInfo = {
        DownstreamTasks = { { DependencyType = "Normal", Name = name } }, Tasks = { { Name = "old" } }, PageNumber = number, PageSize = 1, TotalCount = 2,
      } }
    end
    client, world = fake.client { tasks(1, "a"), tasks(2, "b") }
    assert.equal("a b", (collect(client, "ListDownstreamTasks", { Id = 1 })))
    assert.equal("1 2", asked(world, "PageNumber"))
  end)
end)

describe("client:each", function()
  it("makes one request for a list without pages", function()
    local client, world = fake.client { fake.good { { Name = "g1" }, { Name = "g2" } } }
    assert.equal("g1 g2", (collect(client, "ListResourceGroups", {})))
    assert.equal(1, #world.sent)
  end)

  it("follows the version", function()
    local function page(name) return fake.reply { RequestId = "R", [name] = { DIJobs = { { Name = name } }, TotalCount = 1 } } end
    local client, world = fake.client { page "DIJobPaging", page "PagingInfo" }
    assert.equal("DIJobPaging", (collect(client, "ListDIJobs")))
    assert.equal("PagingInfo", (collect(client, "ListDIJobs", nil, { version = "2024-05-18" })))
    assert.same({ "POST", "GET" }, { world.sent[1].method, world.sent[2].method })
  end)

  it("gives whole replies with the option pages", function()
    local client = fake.client { files(1, 2, { TotalCount = 3 }), files(3, 3, { TotalCount = 3 }) }
    local sizes = {}
    for count, page, err in client:each("ListFiles", { ProjectId = 1 }, { pages = true }) do
      assert.is_nil(err)
      assert.equal("R-1", page.RequestId)
      sizes[count] = #page.Data.Files
    end
    assert.same({ 2, 1 }, sizes)
  end)

  it("ends with the error of a failed call, even if the loop ignores it", function()
    for _, pages in ipairs { false, true } do
      local client, world = fake.client({ files(1, 2, { TotalCount = 5 }), fake.refused("Forbidden.Access", 403) }, {})
      local last, failure
      for count, item, err in client:each("ListFiles", { ProjectId = 1 }, { pages = pages }) do
        last, failure = count, err
        assert.is_true((item == nil) == (err ~= nil))
      end
      assert.equal(pages and 2 or 3, last)
      assert.is_true(dataworks.is_error(failure))
      assert.same({ "service", "Forbidden.Access", "ListFiles" }, { failure.kind, failure.code, failure.action })
      assert.equal(2, #world.sent)
    end
  end)

  it("ends with an error for an invalid parameter, and for a reply without a list", function()
    local client = fake.client { fake.good { Files = "none" } }
    local ids, err = collect(client, "ListFiles", { ProjectId = 1, PageNumbr = 1 })
    assert.same({ "", "invalid", "PageNumbr" }, { ids, err.kind, err.path })
    assert.matches("; did you mean PageNumber%?$", err.message)
    ids, err = collect(client, "ListFiles")
    assert.same({ "", "protocol", "Data.Files is not a list" }, { ids, err.kind, err.message })
  end)

  it("retries a page whose reply was lost, and applies timeout and retries to each request", function()
    local client, world = fake.client { fake.lost "unknown", files(1, 1, { TotalCount = 1 }) }
    assert.equal("1", (collect(client, "ListFiles", nil, { timeout = 7 })))
    assert.equal(2, #world.sent)
    assert.equal(7, world.limits[1].timeout)
    client, world = fake.client { fake.lost "unknown" }
    local _, err = collect(client, "ListFiles", nil, { retries = 0 })
    assert.same({ "transport", 1 }, { err.kind, #world.sent })
  end)

  it("neither changes the given parameters nor follows their changes", function()
    local client, world = fake.client { files(1, 1, { TotalCount = 2 }), files(2, 2, { TotalCount = 2 }) }
    local params = { ProjectId = 1 }
    for _ in client:each("ListFiles", params) do params.ProjectId = 9 end
    assert.same({ ProjectId = 9 }, params)
    assert.equal("1 1", asked(world, "ProjectId"))
  end)

  it("ends with an error when its client is closed during the loop", function()
    local client = fake.client { files(1, 1, { TotalCount = 2 }) }
    local each = client:each("ListFiles", { ProjectId = 1 })
    each()
    client:close()
    local count, item, err = each()
    assert.same({ 2, "cancelled" }, { count, err.kind })
    assert.is_nil(item)
    assert.is_nil((each()))
  end)

  -- The for of Lua 5.1 calls its iterator from C, and a coroutine cannot yield across a C call.
  it("can yield in a coroutine; in Lua 5.1, in a while loop only", function()
    local puc51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
    local function ids_of_for(client)
      local ids = {}
      for _, item in client:each("ListFiles", { ProjectId = 1 }) do ids[#ids + 1] = item.FileId end
      return ids
    end
    local function ids_of_while(client)
      local ids, each = {}, client:each("ListFiles", { ProjectId = 1 })
      local count, item = each()
      while count do
        ids[#ids + 1] = item.FileId
        count, item = each()
      end
      return ids
    end
    for _, loop in ipairs { ids_of_while, not puc51 and ids_of_for or nil } do
      local client = fake.client {
        function() coroutine.yield "sending" return files(1, 1, { TotalCount = 2 }) end,
        function() coroutine.yield "sending" return files(2, 2, { TotalCount = 2 }) end,
      }
      local step = coroutine.wrap(loop)
      assert.same({ "sending", "sending", { 1, 2 } }, { step(client), step(), step() })
    end
  end)
end)
