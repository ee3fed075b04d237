// Makes calls with an official SDK for Go, which the first argument names. See scenario.py for the input and output.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

const apiVersion, region = "2020-05-18", "cn-shanghai"

type call struct {
	Signature, Scheme, Host, ID, Secret, Token, Action string
	Params                                             map[string]any
	Form                                               []string
}

// split returns the parameters for the query and for the form.
func (how *call) split() (query, form map[string]string) {
	query, form = map[string]string{}, map[string]string{}
	for name, value := range how.Params {
		place := query
		for _, other := range how.Form {
			if name == other {
				place = form
			}
		}
		place[name] = fmt.Sprint(value)
	}
	return query, form
}

func current(how *call) (any, string, error) {
	config := &openapi.Config{
		AccessKeyId: &how.ID, AccessKeySecret: &how.Secret, Endpoint: &how.Host, Protocol: &how.Scheme, RegionId: tea.String(region),
	}
	if how.Token != "" {
		config.SecurityToken = &how.Token
	}
	if how.Signature == "HMAC-SHA1" {
		config.SignatureAlgorithm = tea.String("v2")
	}
	client, err := openapi.NewClient(config)
	if err != nil {
		return nil, "", err
	}
	params := &openapi.Params{
		Action: &how.Action, Version: tea.String(apiVersion), Protocol: tea.String("HTTPS"), Pathname: tea.String("/"),
		Method: tea.String("POST"), AuthType: tea.String("AK"), Style: tea.String("RPC"),
		ReqBodyType: tea.String("formData"), BodyType: tea.String("json"),
	}
	inQuery, form := how.split()
	query := map[string]*string{}
	for name, value := range inQuery {
		query[name] = tea.String(value)
	}
	request := &openapi.OpenApiRequest{Query: query, Body: form}
	reply, err := client.CallApi(params, request, &dara.RuntimeOptions{})
	var refused *tea.SDKError
	if errors.As(err, &refused) && refused.StatusCode != nil {
		return nil, tea.StringValue(refused.Code), nil
	}
	return reply["body"], "", err
}

func older(how *call) (any, string, error) {
	var keys any = credentials.NewAccessKeyCredential(how.ID, how.Secret)
	if how.Token != "" {
		keys = credentials.NewStsTokenCredential(how.ID, how.Secret, how.Token)
	}
	client, err := sdk.NewClientWithOptions(region, sdk.NewConfig(), keys)
	if err != nil {
		return nil, "", err
	}
	request := requests.NewCommonRequest()
	request.Method, request.Scheme, request.Domain = "POST", how.Scheme, how.Host
	request.Version, request.ApiName = apiVersion, how.Action
	request.QueryParams, request.FormParams = how.split()
	response, err := client.ProcessCommonRequest(request)
	var refused *sdkerrors.ServerError
	if errors.As(err, &refused) {
		return nil, refused.ErrorCode(), nil
	} else if err != nil {
		return nil, "", err
	}
	return json.RawMessage(response.GetHttpContentBytes()), "", nil
}

func answer(act func(*call) (any, string, error), line []byte) map[string]any {
	var how call
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.UseNumber() // so that an id keeps its digits
	if err := decoder.Decode(&how); err != nil {
		return map[string]any{"failure": err.Error()}
	}
	reply, code, err := act(&how)
	if err != nil {
		return map[string]any{"failure": err.Error()}
	} else if code != "" {
		return map[string]any{"code": code}
	}
	return map[string]any{"reply": reply}
}

// title returns the path and the version of a module.
func title(path string) string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == path {
			return path + " " + module.Version
		}
	}
	return path
}

func main() {
	act, path, signatures := current, "github.com/alibabacloud-go/darabonba-openapi/v2", []string{"ACS3-HMAC-SHA256", "HMAC-SHA1"}
	if os.Args[1] == "older" {
		act, path, signatures = older, "github.com/aliyun/alibaba-cloud-sdk-go", []string{"HMAC-SHA1"}
	}
	output := json.NewEncoder(os.Stdout)
	_ = output.Encode(map[string]any{"title": title(path), "signatures": signatures})
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for line, err := input.ReadBytes('\n'); err == nil; line, err = input.ReadBytes('\n') {
		_ = output.Encode(answer(act, line))
	}
}
