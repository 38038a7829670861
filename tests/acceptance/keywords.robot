*** Settings ***
Documentation       What the keywords of the test kit do, with an application made for it.
Library             cherrypy.test.robot.CherryPyLibrary
Suite Setup         Start Application    tests.acceptance.application:Root
...                 config=${CURDIR}/application.conf
Suite Teardown      Stop Application


*** Test Cases ***
A Page Is Asked For And Looked At
    ${body}=    GET    /greet?name=Ada
    Should Be Equal    ${body}    Hello, Ada!
    Status Should Be    200
    Status Should Be    200 OK
    Header Should Be    Content-Type    text/plain;charset=utf-8
    Header Should Contain    content-type    plain
    Header Should Not Exist    X-None
    Body Should Be    Hello, Ada!
    Body Should Contain    Ada
    Body Should Not Contain    Bob
    Body Should Match    ^Hello, \\w+!$
    ${status}=    Get Status
    Should Be Equal As Integers    ${status}    200
    ${type}=    Get Header    Content-Type
    Should Start With    ${type}    text/plain

Parameters And Headers Are Sent
    VAR    &{params}    name=Ada & Bob
    VAR    &{headers}    X-Mine=1
    GET    /greet    params=${params}
    Body Should Be    Hello, Ada & Bob!
    GET    /seen    headers=${headers}
    JSON Should Be    1    path=headers.X-Mine

Forms, JSON And Text Are Sent
    POST    /seen    title=Milk    text=two litres
    JSON Should Be    {"title": "Milk", "text": "two litres"}    path=params
    JSON Should Be    POST    path=method
    PUT    /document    json={"numbers": [1, 2]}
    JSON Should Be    2    path=numbers.1
    ${numbers}=    Get JSON    numbers
    Length Should Be    ${numbers}    2
    Request    REPORT    /seen
    JSON Should Be    REPORT    path=method
    PATCH    /seen    body=some text
    JSON Should Be    text/plain    path=headers.Content-Type
    DELETE    /seen
    JSON Should Be    DELETE    path=method

Redirects Are Followed When That Is Said
    GET    /moved
    Status Should Be    303
    GET    /moved    follow=True
    Body Should Be    Hello, you!

Cookies Are Kept
    GET    /count
    Body Should Be    1
    GET    /count
    Body Should Be    2
    Forget Cookies
    GET    /count
    Body Should Be    1

A Check That Fails Shows The Answer
    GET    /nowhere
    Run Keyword And Expect Error    The status is 404 Not Found, not 200.*GET http*nowhere*
    ...    Status Should Be    200
    Run Keyword And Expect Error    *is not in the body*    Body Should Contain    Ada
    Run Keyword And Expect Error    The body is no JSON*    Get JSON
    POST    /seen    a=1
    Run Keyword And Expect Error    The JSON at params.a is '1', not '2'.*
    ...    JSON Should Be    2    path=params.a
    Run Keyword And Expect Error    There is no 'b'*    Get JSON    params.b

The Application Can Be Reached By Others
    ${url}=    Get Base URL
    ${port}=    Get Port
    Should Be Equal    ${url}    http://127.0.0.1:${port}

A Program Of Its Own Can Be Asked
    Start Site    tests.acceptance.application    config=my.words: "there"
    GET    /mounted/greet
    Body Should Be    Hello, you!
    [Teardown]    Start Application    tests.acceptance.application:Root
    ...    config=${CURDIR}/application.conf
