// The life of a task with the official Go cores: the current one with both signatures, and the older one.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

const apiVersion = "2020-05-18"

type params map[string]string
type reply struct{ Data map[string]any }

// call returns the reply, and the error code of the service.
type call func(action string, values params) (reply, string, error)

func decode(text []byte) (reply, string, error) {
	var decoded reply
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoded, "", decoder.Decode(&decoded)
}

func hostOfEmulator() string {
	return strings.TrimPrefix(os.Getenv("ALIBABA_CLOUD_ENDPOINT"), "http://")
}

func current(algorithm, secret string) (call, error) {
	config := &openapi.Config{
		AccessKeyId: tea.String(os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID")), AccessKeySecret: tea.String(secret),
		Endpoint: tea.String(hostOfEmulator()), Protocol: tea.String("http"),
	}
	if algorithm == "HMAC-SHA1" {
		config.SignatureAlgorithm = tea.String("v2")
	}
	client, err := openapi.NewClient(config)
	return func(action string, values params) (reply, string, error) {
		how := &openapi.Params{
			Action: tea.String(action), Version: tea.String(apiVersion), Protocol: tea.String("HTTPS"),
			Pathname: tea.String("/"), Method: tea.String("POST"), AuthType: tea.String("AK"), Style: tea.String("RPC"),
			ReqBodyType: tea.String("formData"), BodyType: tea.String("json"),
		}
		query, form := map[string]*string{}, map[string]any{}
		for name, value := range values {
			if name == "TaskContent" {
				form[name] = value
			} else {
				query[name] = tea.String(value)
			}
		}
		result, err := client.CallApi(how, &openapi.OpenApiRequest{Query: query, Body: form}, &dara.RuntimeOptions{})
		var refused *tea.SDKError
		if errors.As(err, &refused) {
			return reply{}, tea.StringValue(refused.Code), err
		} else if err != nil {
			return reply{}, "", err
		}
		text, err := json.Marshal(result["body"])
		if err != nil {
			return reply{}, "", err
		}
		return decode(text)
	}, err
}

func older(_, secret string) (call, error) {
	client, err := sdk.NewClientWithAccessKey("cn-shanghai", os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"), secret)
	return func(action string, values params) (reply, string, error) {
		request := requests.NewCommonRequest()
		request.Method, request.Scheme, request.Domain = "POST", "http", hostOfEmulator()
		request.Version, request.ApiName = apiVersion, action
		for name, value := range values {
			if name == "TaskContent" {
				request.FormParams[name] = value
			} else {
				request.QueryParams[name] = value
			}
		}
		response, err := client.ProcessCommonRequest(request)
		var server *sdkerrors.ServerError
		if errors.As(err, &server) {
			return reply{}, server.ErrorCode(), err
		} else if err != nil {
			return reply{}, "", err
		}
		return decode(response.GetHttpContentBytes())
	}, err
}

// on returns the parameters of a call on a task of the emulator.
func on(more params) params {
	all := params{"ProjectId": "10000", "TaskType": "DI_REALTIME"}
	for name, value := range more {
		all[name] = value
	}
	return all
}

func generate(send call, script string) (string, error) {
	made, _, err := send("GenerateDISyncTaskConfigForCreating", on(params{"TaskParam": script}))
	process := fmt.Sprint(made.Data["ProcessId"])
	for i := 0; err == nil && i < 100; i++ {
		made, _, err = send("QueryDISyncTaskConfigProcessResult", on(params{"AsyncProcessId": process}))
		if content, _ := made.Data["TaskContent"].(string); content != "" {
			return content, nil
		}
	}
	return "", fmt.Errorf("process %s gave no configuration: %v", process, err)
}

var life = []struct{ action, status string }{
	{"DeployDISyncTask", "success"}, {"StartDISyncInstance", "success"}, {"GetDISyncInstanceInfo", "WAIT"},
	{"GetDISyncInstanceInfo", "RUN"}, {"StopDISyncInstance", "success"}, {"GetDISyncInstanceInfo", "KILLING"},
	{"GetDISyncInstanceInfo", "PAUSE"}, {"TerminateDISyncInstance", "success"}, {"DeleteDISyncTask", "success"},
}

func check(send, wrong call, script string) (string, error) {
	content, err := generate(send, script)
	if err != nil {
		return "", err
	}
	token := fmt.Sprint(time.Now().UnixNano())
	create := on(params{"TaskName": "interop_" + token, "TaskContent": content, "ClientToken": token})
	created, _, err := send("CreateDISyncTask", create)
	if err != nil {
		return "", err
	}
	id := fmt.Sprint(created.Data["FileId"])
	if again, _, err := send("CreateDISyncTask", create); err != nil || fmt.Sprint(again.Data["FileId"]) != id {
		return "", fmt.Errorf("the ClientToken made another task: %v %v", again.Data, err)
	}
	for _, step := range life {
		if done, _, err := send(step.action, on(params{"FileId": id})); err != nil || done.Data["Status"] != step.status {
			return "", fmt.Errorf("%s: %v %v", step.action, done.Data, err)
		}
	}
	if _, code, err := wrong("GetDISyncTask", on(params{"FileId": id})); code != "SignatureDoesNotMatch" {
		return "", fmt.Errorf("a wrong secret was answered with %q: %v", code, err)
	}
	if _, code, err := send("GetDISyncTask", on(nil)); code != "MissingFileId" {
		return "", fmt.Errorf("a missing parameter was answered with %q: %v", code, err)
	}
	return "FileId " + id + ", the whole life of a task, 2 refusals", nil
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	failed := err != nil
	script := strings.ReplaceAll(string(text), "molin_di_test_in_pk_v4", "用户 (a+b)*~'😀")
	for _, core := range []struct {
		title, algorithm string
		connect          func(algorithm, secret string) (call, error)
	}{
		{"darabonba-openapi (Go), ACS3-HMAC-SHA256", "", current},
		{"darabonba-openapi (Go), HMAC-SHA1", "HMAC-SHA1", current},
		{"alibaba-cloud-sdk-go, HMAC-SHA1", "", older},
	} {
		send, err := core.connect(core.algorithm, os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
		wrong, err2 := core.connect(core.algorithm, "wrong")
		result := ""
		if err = errors.Join(err, err2); err == nil {
			result, err = check(send, wrong, script)
		}
		if err != nil {
			failed = true
			fmt.Printf("failed  %s: %v\n", core.title, err)
		} else {
			fmt.Printf("ok      %s: %s\n", core.title, result)
		}
	}
	if failed {
		os.Exit(1)
	}
}
