// Makes calls with an official SDK for Java, which the first argument names. See scenario.py for the input and output.

import com.aliyun.tea.TeaException;
import com.aliyun.tea.TeaModel;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import com.aliyuncs.AcsRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.RpcAcsRequest;
import com.aliyuncs.auth.SignatureVersion;
import com.aliyuncs.auth.signers.SignatureAlgorithm;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public class Client {
  private static final String VERSION = "2020-05-18", REGION = "cn-shanghai";
  private static final List<String> BOTH = List.of("ACS3-HMAC-SHA256", "HMAC-SHA1");
  private static final Gson JSON = new Gson();
  private static final Gson WIRE_NAMES =
      new GsonBuilder().setFieldNamingPolicy(FieldNamingPolicy.UPPER_CAMEL_CASE).create();

  private static class Call {
    String signature, scheme, host, id, secret, token, action;
    Map<String, Object> params;
    List<String> form;
  }

  private interface Sdk {
    Object call(Call how) throws Exception;
  }

  private static Config config(Call how) throws Exception {
    Config config = new Config().setAccessKeyId(how.id).setAccessKeySecret(how.secret).setEndpoint(how.host)
        .setProtocol(how.scheme).setRegionId(REGION);
    config.setSecurityToken(how.token.isEmpty() ? null : how.token);
    config.setSignatureAlgorithm(how.signature.equals("HMAC-SHA1") ? "v2" : null);
    return config.setCa(Files.readString(Path.of(System.getenv("DATAWORKS_CA_FILE"))));
  }

  private static Object core(Call how) throws Exception {
    Params params = new Params().setAction(how.action).setVersion(VERSION).setProtocol("HTTPS").setPathname("/")
        .setMethod("POST").setAuthType("AK").setStyle("RPC").setReqBodyType("formData").setBodyType("json");
    Map<String, String> query = new HashMap<>(), form = new HashMap<>();
    how.params.forEach((name, value) -> (how.form.contains(name) ? form : query).put(name, text(value)));
    OpenApiRequest request = new OpenApiRequest().setQuery(query).setBody(form);
    return new com.aliyun.teaopenapi.Client(config(how)).callApi(params, request, new RuntimeOptions()).get("body");
  }

  // The SDK with its classes of requests and replies.
  private static Object sdk(Call how) throws Exception {
    var client = new com.aliyun.dataworks_public20200518.Client(config(how));
    String name = "com.aliyun.dataworks_public20200518.models." + how.action + "Request";
    Object request = WIRE_NAMES.fromJson(WIRE_NAMES.toJson(how.params), Class.forName(name));
    String method = how.action.substring(0, 1).toLowerCase() + how.action.substring(1) + "WithOptions";
    var reply = (TeaModel) client.getClass().getMethod(method, request.getClass(), RuntimeOptions.class)
        .invoke(client, request, new RuntimeOptions());
    return reply.toMap().get("body");
  }

  // The older SDK with its classes of requests and replies.
  private static Object older(Call how) throws Exception {
    var profile = DefaultProfile.getProfile(REGION, how.id, how.secret, how.token.isEmpty() ? null : how.token);
    DefaultAcsClient client = new DefaultAcsClient(profile);
    boolean isOld = how.signature.equals("HMAC-SHA1");
    client.setSignatureVersion(isOld ? SignatureVersion.V1 : SignatureVersion.V3);
    client.setSignatureAlgorithm(isOld ? null : SignatureAlgorithm.ACS3_HMAC_SHA256);
    client.setAutoRetry(false);
    String name = "com.aliyuncs.dataworks_public.model.v20200518." + how.action + "Request";
    AcsRequest<?> request = (RpcAcsRequest<?>) Class.forName(name).getDeclaredConstructor().newInstance();
    request.setSysEndpoint(how.host);
    request.setSysProtocol(ProtocolType.valueOf(how.scheme.toUpperCase()));
    for (Method setter : request.getClass().getDeclaredMethods()) {
      Object value = how.params.get(setter.getName().substring(3));
      if (setter.getName().startsWith("set") && value != null) {
        setter.invoke(request, WIRE_NAMES.fromJson(WIRE_NAMES.toJson(text(value)), setter.getParameterTypes()[0]));
      }
    }
    return client.getAcsResponse(request);
  }

  private static String text(Object value) {
    return value instanceof Double number ? String.valueOf(number.longValue()) : String.valueOf(value);
  }

  private static Map<String, Object> answer(Sdk sdk, String line) {
    try {
      return Map.of("reply", sdk.call(JSON.fromJson(line, Call.class)));
    } catch (Exception error) {
      Throwable cause = error instanceof InvocationTargetException ? error.getCause() : error;
      if (cause instanceof TeaException refused && refused.getData() != null) {
        return Map.of("code", refused.getCode());
      } else if (cause instanceof ClientException refused && refused.getRequestId() != null) {
        return Map.of("code", refused.getErrCode());
      }
      return Map.of("failure", cause.toString());
    }
  }

  // Java reads certificates from a keystore.
  private static void trust(String file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (var input = new FileInputStream(file)) {
      store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(input));
    }
    Path path = Files.createTempFile("interop", ".p12");
    path.toFile().deleteOnExit();
    try (var output = new FileOutputStream(path.toFile())) {
      store.store(output, "changeit".toCharArray());
    }
    System.setProperty("javax.net.ssl.trustStore", path.toString());
    System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
  }

  // Returns the name and the version of the file that contains a class.
  private static String jar(Class<?> from) {
    String path = from.getProtectionDomain().getCodeSource().getLocation().getPath();
    return path.replaceAll("^.*/(.*)-([^-]*)\\.jar$", "$1 $2");
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream output = new PrintStream(System.out, true, "UTF-8");
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));
    trust(System.getenv("DATAWORKS_CA_FILE"));
    Sdk sdk;
    Map<String, Object> hello = new HashMap<>(Map.of("signatures", BOTH));
    if (arguments[0].equals("core")) {
      sdk = Client::core;
      hello.put("title", jar(com.aliyun.teaopenapi.Client.class));
    } else if (arguments[0].equals("sdk")) {
      sdk = Client::sdk;
      hello.put("title", jar(com.aliyun.dataworks_public20200518.Client.class) + ", " + jar(com.aliyun.teaopenapi.Client.class));
      hello.put("signatures", List.of("HMAC-SHA1"));
    } else {
      sdk = Client::older;
      hello.put("title", jar(com.aliyuncs.dataworks_public.model.v20200518.ListFilesRequest.class) + ", " + jar(AcsRequest.class));
    }
    hello.put("lacks", arguments[0].equals("core") ? "" : "NeedContent");
    output.println(JSON.toJson(hello));
    var input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      output.println(WIRE_NAMES.toJson(answer(sdk, line)));
    }
  }
}
