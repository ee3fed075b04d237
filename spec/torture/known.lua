-- What libcurl and libcrypto do wrong themselves when an allocation fails. A row names an exported function that was active
-- when the allocation failed, and what the program sees.

local M = {}

---@type { frame: string, seen: string, reason: string }[]
M.LIST = {
  { frame = "X509_load_cert_crl_file_ex", seen = "^transport CURLE_SSL_CONNECT_ERROR, sent false",
    reason = "OpenSSL reports a certificate that it has no memory to read as a wrong one" },
  { frame = "X509_STORE_load_file_ex", seen = "^transport CURLE_SSL_CACERT_BADFILE, sent false",
    reason = "libcurl reports each failure of OpenSSL in this function as one of the file" },
  { frame = "X509V3_EXT_d2i", seen = "^transport CURLE_PEER_FAILED_VERIFICATION, sent false",
    reason = "OpenSSL returns no alternative names, and libcurl does not see that memory was the cause" },
  { frame = "SSL_read", seen = "^timeout CURLE_OPERATION_TIMEDOUT, sent unknown",
    reason = "OpenSSL loses a record instead of reporting failed memory, and libcurl waits" },
  { frame = "SSL_read", seen = "^transport CURLE_RECV_ERROR, sent unknown",
    reason = "libcurl reports each failure of SSL_read as a lost connection" },
}
M.LIST[#M.LIST + 1] = { frame = "curl_multi_perform", seen = "^timeout CURLE_OPERATION_TIMEDOUT, sent false",
  reason = "OpenSSL asks for more data instead of reporting failed memory, and libcurl waits" }
if jit then
  M.LIST[#M.LIST + 1] = { frame = "lua_close", seen = "^loses Lua objects$",
    reason = "LuaJIT does not free all blocks of a state in which memory failed" }
end
for _, run in ipairs { "curl_multi_perform", "curl_multi_socket_action" } do
  for _, row in ipairs {
    { "CURLE_SSL_CONNECT_ERROR", "libcurl reports each failure of OpenSSL in a handshake as one of TLS" },
    { "CURLE_PEER_FAILED_VERIFICATION", "libcurl reports a name of a certificate that it has no memory to print as a wrong one" },
    { "CURLE_COULDNT_RESOLVE_HOST", "libcurl reports a failed getaddrinfo as an unknown host" },
    { "CURLE_COULDNT_CONNECT", "libcurl tries the next address, and there is none" },
  } do
    M.LIST[#M.LIST + 1] = { frame = run, seen = "^%l+ " .. row[1] .. ", sent false", reason = row[2] }
  end
end

-- Allocations that must not fail, since the module crashes.
---@type { module: string, frame: string, reason: string }[]
M.CRASHES = {
  { module = "libcurl", frame = "SSL_read",
    reason = "libcurl 7.88 frees a TLS session that it cannot store, and OpenSSL frees it again" },
}

local seen = {}

--- Returns the reason why a fault is not ours, or nil.
---@param frames string the active functions, with a blank after each
---@param fault string what is wrong
function M.reason(frames, fault)
  for _, row in ipairs(M.LIST) do
    if (" " .. frames):find(" " .. row.frame .. " ", 1, true) and fault:find(row.seen) then
      seen[row.frame] = (seen[row.frame] or 0) + 1
      return row.reason
    end
  end
end

--- Iterates over the frames of the rows that applied, each with the number of times.
function M.counts()
  return pairs(seen)
end

return M
