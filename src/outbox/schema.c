/*
 * The schema of outbox.db. See schema.h.
 *
 * A column is NULL where its value is the default (0, none), so that a row is
 * small: a NULL costs one byte. The views at the end are for people; the
 * program itself never reads them.
 */
#include "outbox/schema.h"

#include "util/cleanup.h"

/* It takes macros among strings for calls. */
/* clang-format off */

/* Milliseconds since 1970 as ISO text; before 1970, too. */
#define MS_OF(ms) "((" ms ")%1000+1000)%1000"
#define ISO(ms) \
	"strftime('%Y-%m-%dT%H:%M:%S',((" ms ")-" MS_OF(ms) ")/1000,'unixepoch')" \
	"||printf('.%03dZ'," MS_OF(ms) ")"

/* m * 10^e without an exponent, digits kept, as decimal_format() writes it. */
#define ZEROS "'0000000000000000000000000000000000000000'"
#define DIGITS(m) "ltrim(" m ",'-')"
#define PADDED(m, e) "(substr(" ZEROS ",1,max(0,1-" e "-length(" DIGITS(m) ")))||" DIGITS(m) ")"
#define DECIMAL(m, e) \
	"CASE WHEN " m "<0 THEN '-' ELSE '' END||" \
	"CASE WHEN " e ">=0 THEN " DIGITS(m) "||substr(" ZEROS ",1," e ")" \
	" ELSE substr(" PADDED(m, e) ",1,length(" PADDED(m, e) ")+" e ")||'.'" \
	"||substr(" PADDED(m, e) "," e ") END"

#define NAME(id) "(SELECT text FROM name WHERE id=" id ")"
#define VALUE \
	"CASE r.kind WHEN 1 THEN " DECIMAL("coalesce(r.value,0)", "coalesce(r.exponent,0)") \
	" WHEN 2 THEN CASE WHEN r.value THEN 'true' ELSE 'false' END" \
	" WHEN 3 THEN " NAME("r.value") " END"
#define VALIDITY \
	"CASE coalesce(r.validity,0) WHEN 0 THEN 'valid' WHEN 1 THEN 'questionable'" \
	" WHEN 2 THEN 'invalid' WHEN 3 THEN 'not-measured' WHEN 4 THEN 'sensor-off'" \
	" WHEN 5 THEN 'below-range' WHEN 6 THEN 'above-range' WHEN 7 THEN 'calibrating' END"
#define CLOCK \
	"CASE coalesce(r.clock,0) WHEN 0 THEN 'synchronised' WHEN 1 THEN 'holdover'" \
	" WHEN 2 THEN 'unsynchronised' END"
#define TIME_SOURCE \
	"CASE coalesce(r.time_source,0) WHEN 0 THEN 'gateway' WHEN 1 THEN 'device'" \
	" WHEN 2 THEN 'device-corrected' WHEN 3 THEN 'operator' END"
#define ORIGIN \
	"CASE coalesce(r.origin,0) WHEN 0 THEN 'measured' WHEN 1 THEN 'manual'" \
	" WHEN 2 THEN 'calculated' WHEN 3 THEN 'setting' END"
#define AUTH \
	"CASE coalesce(r.auth,0) WHEN 0 THEN 'link' WHEN 1 THEN 'none' WHEN 2 THEN 'device' END"
#define FLAG(bit, word) "CASE WHEN r.flags&" bit " THEN '" word " ' ELSE '' END"
#define FLAGS \
	"nullif(rtrim(" FLAG("1", "demo") "||" FLAG("2", "test") "||" FLAG("4", "episodic") \
	"||" FLAG("8", "stored") "||" FLAG("16", "early-estimate") \
	"||" FLAG("32", "control-solution") "||" FLAG("64", "artefact") \
	"||" FLAG("128", "unit-assumed") "||" FLAG("256", "ambiguous-time") "),'')"

static const char version_1[] =
	"CREATE TABLE reading("
	"id INTEGER PRIMARY KEY," /* position */
	"epoch INTEGER,sequence INTEGER,"
	"device INTEGER,device_sequence INTEGER,bed INTEGER,patient INTEGER,association INTEGER,"
	"metric INTEGER,kind INTEGER,value INTEGER,exponent INTEGER,"
	"validity INTEGER,clock INTEGER,"
	"received INTEGER," /* ms since 1970 */
	"\"time\" INTEGER," /* ms to be added to received */
	"\"group\" INTEGER," /* to be taken from sequence; NULL: no group */
	"source_key INTEGER,flags INTEGER,"
	"aged INTEGER," /* s, on the ledger's own clock */
	"\"check\" INTEGER,"
	"more INTEGER," /* 1: one of the following is set */
	"time_source INTEGER,device_time INTEGER,origin INTEGER,auth INTEGER,instance INTEGER,"
	"reason INTEGER,period INTEGER,site INTEGER,method INTEGER,sample INTEGER,"
	"raw INTEGER,raw_exponent INTEGER,raw_unit INTEGER,\"by\" INTEGER);"

	"CREATE TABLE event("
	"id INTEGER PRIMARY KEY,epoch INTEGER,sequence INTEGER,kind INTEGER,topic TEXT,body TEXT,"
	"aged INTEGER,\"check\" INTEGER);"

	"CREATE TABLE name(id INTEGER PRIMARY KEY,text TEXT,\"check\" INTEGER);"

	"CREATE TABLE aside(id INTEGER PRIMARY KEY,since INTEGER,tries INTEGER,reason INTEGER);"

	"CREATE TABLE owed("
	"id INTEGER PRIMARY KEY,kind INTEGER,epoch INTEGER,"
	"first INTEGER,last INTEGER,count INTEGER,reason TEXT);"

	"CREATE TABLE ledger("
	"id INTEGER PRIMARY KEY CHECK(id=1),"
	"readings INTEGER,events INTEGER,asides INTEGER," /* rows of those tables */
	"last INTEGER," /* highest position given out */
	"owed INTEGER," /* highest id of that table ever */
	"clock INTEGER," /* s, own clock at the last commit */
	"boot TEXT,uptime INTEGER);" /* boot id and its CLOCK_BOOTTIME in s, then */
	"INSERT INTO ledger VALUES(1,0,0,0,0,0,0,'',0);"

	/* A file that was set aside and is still being read; see salvage.c. */
	"CREATE TABLE salvage("
	"id INTEGER PRIMARY KEY CHECK(id=1),file TEXT,last INTEGER,phase INTEGER,"
	"low INTEGER,low_epoch INTEGER,low_sequence INTEGER,"
	"high INTEGER,high_epoch INTEGER,high_sequence INTEGER);"

	"CREATE VIEW readings AS SELECT r.id AS position,"
	NAME("r.epoch") "||':'||r.sequence AS id,"
	NAME("r.device") " AS device,"
	NAME("r.metric") " AS metric,"
	VALUE " AS value,"
	VALIDITY " AS validity,"
	ISO("coalesce(r.received,0)+coalesce(r.\"time\",0)") " AS \"time\","
	ISO("coalesce(r.received,0)") " AS received,"
	CLOCK " AS clock,"
	NAME("r.bed") " AS bed,"
	NAME("r.reason") " AS reason,"
	FLAGS " AS flags,"
	ORIGIN " AS origin,"
	AUTH " AS auth,"
	TIME_SOURCE " AS time_source,"
	ISO("r.device_time") " AS device_time,"
	"r.period/1000.0 AS period,"
	NAME("r.site") " AS site,"
	NAME("r.method") " AS method,"
	NAME("r.sample") " AS sample,"
	"CASE WHEN r.raw_unit THEN " DECIMAL("coalesce(r.raw,0)", "coalesce(r.raw_exponent,0)")
	" END AS raw,"
	NAME("r.raw_unit") " AS raw_unit,"
	"coalesce(r.instance,0) AS instance,"
	"r.device_sequence AS device_sequence,"
	"CASE WHEN r.source_key THEN printf('%016x',r.source_key) END AS source_key,"
	NAME("r.epoch") "||':'||(r.sequence-r.\"group\") AS \"group\","
	NAME("r.patient") " AS patient,"
	NAME("r.association") " AS association,"
	NAME("r.\"by\"") " AS \"by\""
	" FROM reading r;"

	"CREATE VIEW events AS SELECT r.id AS position,"
	NAME("r.epoch") "||':'||r.sequence AS id,"
	"CASE r.kind WHEN 1 THEN 'record' WHEN 2 THEN 'alarm' END AS kind,"
	"r.topic AS topic,r.body AS body FROM event r;"

	"CREATE VIEW set_aside AS SELECT a.id AS position,"
	ISO("a.since") " AS since,"
	"coalesce(a.tries,0) AS tries,"
	"printf('0x%02x',a.reason) AS reason,"
	NAME("coalesce(r.epoch,e.epoch)") "||':'||coalesce(r.sequence,e.sequence) AS id,"
	NAME("r.device") " AS device,"
	NAME("r.metric") " AS metric,"
	"e.topic AS topic"
	" FROM aside a LEFT JOIN reading r ON r.id=a.id LEFT JOIN event e ON e.id=a.id;"

	"CREATE VIEW gaps AS SELECT r.id AS id,"
	NAME("r.epoch") " AS epoch,"
	"r.first AS first,r.last AS last,coalesce(r.count,0) AS count,r.reason AS reason"
	" FROM owed r WHERE r.kind=1;";

static const char version_2[] =
	/* The audit trail, see audit/chain.h. Without row ids, every byte of a row counts. */
	"CREATE TABLE audit(number INTEGER PRIMARY KEY,entry TEXT,hash TEXT) WITHOUT ROWID;"
	"CREATE TABLE chain("
	"id INTEGER PRIMARY KEY CHECK(id=1),"
	"base INTEGER,base_hash TEXT," /* the entry before the first one that is here */
	"head INTEGER,head_hash TEXT) WITHOUT ROWID;" /* the last one */
	"INSERT INTO chain VALUES(1,0,'',0,'');"

	/* Of those readings that have one; reading.more has the bit 2 for it. */
	"CREATE TABLE detail(id INTEGER PRIMARY KEY,text TEXT);";

/* clang-format on */

static const struct migration migrations[] = {
	{ 1, version_1 },
	{ 2, version_2 },
};

const struct schema schema_current = { migrations, ARRAY_SIZE(migrations) };
