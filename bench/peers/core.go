// The calls of the official Go core: see calls.lua.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func cpu() float64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e3
}

func connect() func() {
	text, err := os.ReadFile("spec/scripts/mysql_to_odps.json")
	check(err)
	var script any
	check(json.Unmarshal(text, &script))
	client, err := openapi.NewClient(&openapi.Config{
		AccessKeyId: tea.String("LTAI5tExampleExampleExam"), AccessKeySecret: tea.String("a-secret-of-thirty-characters-"),
		Endpoint: tea.String(strings.TrimPrefix(os.Args[1], "http://")), Protocol: tea.String("http"),
	})
	check(err)
	how := &openapi.Params{
		Action: tea.String("GenerateDISyncTaskConfigForCreating"), Version: tea.String("2020-05-18"),
		Protocol: tea.String("HTTPS"), Pathname: tea.String("/"), Method: tea.String("POST"), AuthType: tea.String("AK"),
		Style: tea.String("RPC"), ReqBodyType: tea.String("formData"), BodyType: tea.String("json"),
	}
	return func() {
		encoded, err := json.Marshal(script)
		check(err)
		query := map[string]*string{
			"ProjectId": tea.String("10000"), "TaskType": tea.String("DI_REALTIME"), "TaskParam": tea.String(string(encoded)),
		}
		reply, err := client.CallApi(how, &openapi.OpenApiRequest{Query: query}, &dara.RuntimeOptions{})
		check(err)
		if _, ok := reply["body"].(map[string]any)["Data"]; !ok {
			panic("not the reply of the server")
		}
	}
}

func main() {
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	call := connect()
	for i := 0; i < count/2; i++ {
		call()
	}
	used, began := cpu(), time.Now()
	for i := 0; i < count; i++ {
		call()
	}
	wall := float64(time.Since(began).Nanoseconds()) / 1e3
	used = cpu() - used
	status, err := os.ReadFile("/proc/self/status")
	check(err)
	peak := regexp.MustCompile(`VmHWM:\s*(\d+)`).FindSubmatch(status)[1]
	fmt.Println(used/float64(count), wall/float64(count), string(peak))
}
