-- The access keys, security tokens and bearer tokens that the emulator accepts by default.

return {
  { access_key_id = "emulator", access_key_secret = "emulator-secret" },
  {
    access_key_id = "STS.emulator",
    access_key_secret = "emulator-sts-secret",
    security_token = "emulator-security-token",
  },
  {
    access_key_id = "STS.expired",
    access_key_secret = "emulator-expired-secret",
    security_token = "emulator-expired-token",
    expires = 0,
  },
  { access_key_id = "disabled", access_key_secret = "emulator-disabled-secret", disabled = true },
  { bearer_token = "emulator-bearer-token" },
}
