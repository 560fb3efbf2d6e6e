// What the HTTP library's proxy would call, which nothing here uses. It brings Foundation's URL
// sessions into a program that is linked statically, and they want libcurl: thirty libraries more in
// the process, which would only be loaded. So these names are defined, and end the program.
