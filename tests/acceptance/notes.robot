*** Settings ***
Documentation       The notes, as somebody uses them who sits at a browser.
Library             cherrypy.test.robot.CherryPyLibrary
Library             tests.acceptance.browser_keywords.BrowserKeywords
Suite Setup         Start Chromium
Suite Teardown      Stop Chromium
Test Setup          Open The Notes
Test Teardown       Close The Notes


*** Test Cases ***
An Empty Site Invites To Come In
    Click Button    Log out
    Page Should Show    You are logged out.
    Heading Should Be    0 notes
    Page Should Show    register
    Page Should Not Show    Write a note

Who Is Logged In Is Invited To Write
    Heading Should Be    0 notes
    Page Should Show    Welcome. Now you can write notes.
    Page Should Show    Write a note

Who Has Logged Out Comes In Again
    Click Button    Log out
    Click Link    Log in
    Fill    Name    ada
    Fill    Password    correct horse
    Click Button    Log in
    Page Should Show    You are logged in.
    Page Should Show    Write a note

A Note Can Be Changed By Its Author Only
    Write A Note    Milk    two litres
    Click Button    Log out
    Register    bob
    Click Link    Milk
    Heading Should Be    Milk
    Page Should Show    two litres
    Page Should Not Show    Keep the change
    Page Should Not Show    Throw this note away

A Note Is Written And Found Again
    Write A Note    Milk    two litres
    Page Should Show    The note is kept.
    Go To    /
    Heading Should Be    1 note
    Click Link    Milk
    Field Should Be    Title    Milk
    Field Should Be    Text    two litres

A Note Is Changed
    Write A Note    Milk    two litres
    Fill    Title    Bread
    Click Button    Keep the change
    Page Should Show    The change is kept.
    Go To    /
    Page Should Show    Bread
    Page Should Not Show    Milk

Notes Are Found While One Types
    Write A Note    Milk    two litres
    Go To    /
    Write A Note    Bread    of rye
    Go To    /
    List Should Have    2    .cards > li
    Type Keys    Search the notes    rye
    Heading Should Be    1 note with “rye”
    List Should Have    1    .cards > li
    Page Should Show    Bread

Markup In A Note Stays Text
    Write A Note    <b id="evil">Milk</b>    <script>document.title = "caught"</script>
    Go To    /
    Page Should Show    <b id="evil">Milk</b>
    List Should Have    0    \#evil

A File Hangs On A Note
    Write A Note    Milk    two litres
    Choose File    Hang a file on this note    ${CURDIR}/application.conf
    Click Button    Attach
    Page Should Show    The file hangs on the note.
    ${text}=    Download Should Be    application.conf    application.conf
    Should Contain    ${text}    tools.response_headers.on

Nothing Is Thrown Away Without A Question
    Write A Note    Milk    two litres
    Answer Questions With    no
    Click Button    Throw this note away
    Field Should Be    Title    Milk

A Note Is Thrown Away
    Write A Note    Milk    two litres
    Answer Questions With    yes
    Click Button    Throw this note away
    Page Should Show    The note is gone.
    Heading Should Be    0 notes

What Was Written In The Browser Is There For Programs
    Write A Note    Milk    two litres
    GET    /api/notes
    Status Should Be    200
    JSON Should Be    Milk    path=0.title

What A Program Has Written Is There In The Browser
    Page Should Show    Live
    VAR    &{headers}    Authorization=Basic YWRhOmNvcnJlY3QgaG9yc2U=
    POST    /api/notes    json={"title": "Cherries", "text": "the sour ones"}
    ...    headers=${headers}
    Status Should Be    201
    Page Should Show    the sour ones
    Heading Should Be    1 note

Strangers Cannot Write By Program
    POST    /api/notes    json={"title": "Cherries", "text": "the sour ones"}
    Status Should Be    401
    JSON Should Be    401    path=status

The Tour Leads To The Code
    Click Link    Tour
    Heading Should Be    The tour
    Page Should Show    Live updates
    Page Should Show    accounts.py, line

The Notes Fit On A Telephone
    [Setup]    Open The Notes    width=360    height=640
    Write A Note    Milk    two litres
    Page Should Show    The note is kept.
    Page Should Fit The Window
    Go To    /tour/
    Page Should Fit The Window
    Go To    /api-guide
    Page Should Fit The Window


*** Keywords ***
Open The Notes
    [Arguments]    ${width}=1100    ${height}=800
    ${url}=    Start Application    tests.acceptance.notes_site:make
    Open Browser    ${url}    ${width}    ${height}
    Register    ada

Close The Notes
    Close Browser
    Stop Application

Register
    [Arguments]    ${name}
    Go To    /account/register
    Fill    Name    ${name}
    Fill    Password    correct horse
    Click Button    Register
    Page Should Show    Welcome. Now you can write notes.

Write A Note
    [Arguments]    ${title}    ${text}
    Open Details    Write a note
    Fill    Title    ${title}
    Fill    Text    ${text}
    Click Button    Keep it
    Page Should Show    The note is kept.
