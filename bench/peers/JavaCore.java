import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The calls of the official Java core: see calls.lua. */
public final class JavaCore {
  private static final Gson GSON = new Gson();

  private static double cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e3;
  }

  private static void call(Client client, Params how, JsonElement script) throws Exception {
    OpenApiRequest request = new OpenApiRequest().setQuery(Map.of(
        "ProjectId", "10000", "TaskType", "DI_REALTIME", "TaskParam", GSON.toJson(script)));
    Map<String, ?> reply = client.callApi(how, request, new RuntimeOptions());
    if (!((Map<?, ?>) reply.get("body")).containsKey("Data")) {
      throw new IllegalStateException("not the reply of the server");
    }
  }

  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    String text = Files.readString(Path.of("spec/scripts/mysql_to_odps.json"));
    JsonElement script = GSON.fromJson(text, JsonElement.class);
    Client client = new Client(new Config()
        .setAccessKeyId("LTAI5tExampleExampleExam").setAccessKeySecret("a-secret-of-thirty-characters-")
        .setEndpoint(arguments[0].substring("http://".length())).setProtocol("http"));
    Params how = new Params()
        .setAction("GenerateDISyncTaskConfigForCreating").setVersion("2020-05-18").setProtocol("HTTPS").setPathname("/")
        .setMethod("POST").setAuthType("AK").setStyle("RPC").setReqBodyType("formData").setBodyType("json");
    for (int i = 0; i < count / 2; i++) {
      call(client, how, script);
    }
    double used = cpu();
    long began = System.nanoTime();
    for (int i = 0; i < count; i++) {
      call(client, how, script);
    }
    double wall = (System.nanoTime() - began) / 1e3;
    used = cpu() - used;
    Matcher peak = Pattern.compile("VmHWM:\\s*(\\d+)").matcher(Files.readString(Path.of("/proc/self/status")));
    peak.find();
    System.out.println(used / count + " " + wall / count + " " + peak.group(1));
    System.exit(0);
  }
}
